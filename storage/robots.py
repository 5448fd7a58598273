"""The robots: mail domains, each with lists of its own."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from sqlalchemy import insert, select, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.lists import Robot, robots

# Columns that a robot's settings write.
SETTING_COLUMNS = (
    "listmasters_are_owners", "create_list", "move_user", "topics_visibility", "automatic_list_creation",
    "family_signoff", "global_remind", "spam_status", "dkim_method", "scenario_dialect", "blocklist_operations",
    "subaddress_domains", "decisions_of_reads", "dkim_confirms", "dkim_sign_services", "arc_seal", "trusted_sealers",
    "federation_outgoing", "federation_incoming", "federation_acts",
)  # fmt: skip
_BY_DOMAIN = query_for(Robot, robots, where=lambda s: s.where(robots.c.domain == param("domain")))
_BY_ID = query_for(Robot, robots, where=lambda s: s.where(robots.c.id == param("robot_id")))
_BY_IDS = query_for(Robot, robots, where=lambda s: s.where(any_of(robots.c.id, "robot_ids")))
_ALL = Query(select(*columns_for(Robot, robots)).order_by(robots.c.domain), Robot)
_ADD = Query(
    insert(robots)
    .values(
        domain=param("domain"),
        title=param("title"),
        description=param("description"),
        language=param("language"),
        public_url=param("public_url"),
        listmasters_are_owners=param("listmasters_are_owners"),
        created_at=param("now"),
    )
    .returning(*columns_for(Robot, robots)),
    Robot,
)
_CHANGE = Query(
    update(robots)
    .where(robots.c.id == param("robot_id"))
    .values({name: param(name) for name in SETTING_COLUMNS})
    .returning(*columns_for(Robot, robots)),
    Robot,
)
_SET_TITLE = Query(update(robots).where(robots.c.id == param("robot_id")).values(title=param("title")), int)


async def find(reader: Reader, domain: str) -> Robot | None:
    """The robot of a domain in its normal form."""
    return await reader.first(_BY_DOMAIN, domain=domain)


async def by_id(reader: Reader, robot_id: int) -> Robot | None:
    """The robot with this id."""
    return await reader.first(_BY_ID, robot_id=robot_id)


async def by_ids(reader: Reader, robot_ids: list[int]) -> dict[int, Robot]:
    """Robots by their ids, in one statement."""
    return {robot.id: robot for robot in await reader.all(_BY_IDS, robot_ids=robot_ids)}


async def every(reader: Reader) -> list[Robot]:
    """All robots, by domain."""
    return await reader.all(_ALL)


async def add(
    uow: UnitOfWork,
    domain: str,
    title: str,
    *,
    description: str = "",
    language: str = "en",
    public_url: str = "",
    listmasters_are_owners: bool = True,
) -> Robot:
    """A new robot; the caller has seen that the domain is free."""
    return await one(
        uow,
        _ADD,
        domain=domain,
        title=title,
        description=description,
        language=language,
        public_url=public_url,
        listmasters_are_owners=listmasters_are_owners,
        now=uow.now,
    )


async def set_title(uow: UnitOfWork, robot_id: int, title: str) -> None:
    """Call a robot otherwise."""
    await uow.run(_SET_TITLE, robot_id=robot_id, title=title)


def values_of(robot: Robot) -> dict[str, Any]:
    """A robot's settings by their columns."""
    plain = {name: getattr(robot, name) for name in SETTING_COLUMNS}
    return {name: value.value if isinstance(value, Enum) else value for name, value in plain.items()}


async def change(uow: UnitOfWork, robot: Robot, values: Mapping[str, Any]) -> Robot:
    """Write some settings; the robot as it is then."""
    return await one(uow, _CHANGE, robot_id=robot.id, **{**values_of(robot), **values})
