"""Scenario texts that somebody wrote for a site, a robot or a list, in place of the shipped ones."""

import functools

from sqlalchemy import Table, delete, func, insert, select

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.lists import ScenarioText, lists, robots, scenario_texts

# Fragments are texts of an operation of their own (requirement 4.1).
INCLUDE = "include"
_CANDIDATES = query_for(
    ScenarioText,
    scenario_texts,
    where=lambda s: s.where(
        scenario_texts.c.operation == param("operation"),
        any_of(scenario_texts.c.name, "names"),
        any_of(scenario_texts.c.list_id, "list_ids")
        | (
            scenario_texts.c.list_id.is_(None)
            & (any_of(scenario_texts.c.robot_id, "robot_ids") | scenario_texts.c.robot_id.is_(None))
        ),
    ),
)
_IN_PLACE = any_of(scenario_texts.c.list_id, "list_ids") | (
    scenario_texts.c.list_id.is_(None)
    & (any_of(scenario_texts.c.robot_id, "robot_ids") | scenario_texts.c.robot_id.is_(None))
)
_GOVERNING = query_for(
    ScenarioText,
    scenario_texts,
    where=lambda s: s.where(
        ((scenario_texts.c.operation == param("operation")) & any_of(scenario_texts.c.name, "names"))
        | ((scenario_texts.c.operation == INCLUDE) & any_of(scenario_texts.c.name, "fragments")),
        _IN_PLACE,
    ),
)
_OF_ALL_OPERATIONS = query_for(
    ScenarioText,
    scenario_texts,
    where=lambda s: s.where(
        any_of(scenario_texts.c.name, "names"),
        any_of(scenario_texts.c.list_id, "list_ids")
        | (
            scenario_texts.c.list_id.is_(None)
            & (any_of(scenario_texts.c.robot_id, "robot_ids") | scenario_texts.c.robot_id.is_(None))
        ),
    ),
)
_NAMES: Query[tuple[str, str, int | None, int | None]] = Query(
    select(
        scenario_texts.c.operation,
        scenario_texts.c.name,
        scenario_texts.c.robot_id,
        scenario_texts.c.list_id,
    ).where(any_of(scenario_texts.c.name, "names")),
    lambda *row: row,
)
_SAME_PLACE = (
    func.coalesce(scenario_texts.c.robot_id, 0) == param("in_robot"),
    func.coalesce(scenario_texts.c.list_id, 0) == param("in_list"),
    scenario_texts.c.operation == param("operation"),
    scenario_texts.c.name == param("name"),
)
_THERE = query_for(ScenarioText, scenario_texts, where=lambda s: s.where(*_SAME_PLACE))
_VISIBLE = query_for(
    ScenarioText,
    scenario_texts,
    where=lambda s: s.where(
        (scenario_texts.c.list_id == param("list_id"))
        | (
            scenario_texts.c.list_id.is_(None)
            & ((scenario_texts.c.robot_id == param("robot_id")) | scenario_texts.c.robot_id.is_(None))
        )
    ).order_by(scenario_texts.c.operation, scenario_texts.c.name, scenario_texts.c.id),
)
_REMOVE = Query(delete(scenario_texts).where(*_SAME_PLACE), int)
_ADD = Query(
    insert(scenario_texts)
    .values(
        robot_id=param("robot_id"),
        list_id=param("list_id"),
        operation=param("operation"),
        name=param("name"),
        text=param("text"),
        updated_at=param("now"),
    )
    .returning(*columns_for(ScenarioText, scenario_texts)),
    ScenarioText,
)


async def candidates(
    reader: Reader, operation: str, names: list[str], robot_ids: list[int], list_ids: list[int]
) -> list[ScenarioText]:
    """The texts of these names that could apply to these lists: their own, their robots' and the site's."""
    return await reader.all(
        _CANDIDATES, operation=operation, names=names, robot_ids=robot_ids, list_ids=list_ids
    )


async def governing(
    reader: Reader,
    operation: str,
    names: list[str],
    fragments: list[str],
    robot_ids: list[int],
    list_ids: list[int],
) -> list[ScenarioText]:
    """As `candidates`, with the fragments of these names: one statement for a text and its common header."""
    return await reader.all(
        _GOVERNING,
        operation=operation,
        names=names,
        fragments=fragments,
        robot_ids=robot_ids,
        list_ids=list_ids,
    )


async def of_all_operations(
    reader: Reader, names: list[str], robot_ids: list[int], list_ids: list[int]
) -> list[ScenarioText]:
    """As `candidates`, for every operation at once."""
    return await reader.all(_OF_ALL_OPERATIONS, names=names, robot_ids=robot_ids, list_ids=list_ids)


async def written_names(reader: Reader, names: list[str]) -> list[tuple[str, str, int | None, int | None]]:
    """Where texts of these names exist: (operation, name, robot id, list id)."""
    return await reader.all(_NAMES, names=names)


async def find(
    reader: Reader, *, robot_id: int | None, list_id: int | None, operation: str, name: str
) -> ScenarioText | None:
    """The text in exactly this place, whatever other places hold."""
    return await reader.first(
        _THERE, in_robot=robot_id or 0, in_list=list_id or 0, operation=operation, name=name
    )


async def visible_from(reader: Reader, *, robot_id: int | None, list_id: int | None) -> list[ScenarioText]:
    """Every text that could apply there: the list's own, its robot's and the site's, by operation and name."""
    return await reader.all(_VISIBLE, robot_id=robot_id or 0, list_id=list_id or 0)


async def is_named_by_list(reader: Reader, column: str, name: str, robot_id: int | None) -> bool:
    """Whether a list (of the robot, if one is given) names this scenario in that column of its settings."""
    return await reader.first(_named_in(lists, column), name=name, robot_id=robot_id or 0) is not None


async def is_named_by_robot(reader: Reader, column: str, name: str, robot_id: int | None) -> bool:
    """Whether a robot (this one, if one is given) names this scenario in that column of its settings."""
    return await reader.first(_named_in(robots, column), name=name, robot_id=robot_id or 0) is not None


@functools.cache
def _named_in(table: Table, column: str) -> Query[int]:
    home = table.c.id if table is robots else table.c.robot_id
    return Query(
        select(table.c.id)
        .where(table.c[column] == param("name"), (home == param("robot_id")) | (param("robot_id") == 0))
        .limit(1),
        int,
    )


async def put(
    uow: UnitOfWork, *, robot_id: int | None, list_id: int | None, operation: str, name: str, text: str
) -> ScenarioText:
    """Write a text in its place (site, robot or list), over what was there."""
    await remove(uow, robot_id=robot_id, list_id=list_id, operation=operation, name=name)
    return await one(
        uow, _ADD, robot_id=robot_id, list_id=list_id, operation=operation, name=name, text=text, now=uow.now
    )


async def remove(
    uow: UnitOfWork, *, robot_id: int | None, list_id: int | None, operation: str, name: str
) -> bool:
    """Take a text away, so that the next place in the lookup order speaks; False when there was none."""
    return (
        await uow.run(_REMOVE, in_robot=robot_id or 0, in_list=list_id or 0, operation=operation, name=name)
        > 0
    )
