"""Families of lists, the lists made from them, and what each was made with."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from storage.database import Reader, UnitOfWork, one
from storage.lists import selection
from storage.query import Query, any_of, columns_for, each_of, param, query_for
from storage.tables.families import Family, FamilyInstance, families, family_instances
from storage.tables.lists import MailingList, Membership, lists, memberships, roles
from storage.tables.words import ListStatus

_ALIVE = (ListStatus.OPEN.value, ListStatus.PENDING.value)
_WRITTEN = tuple(
    each.name
    for each in fields(Family)
    if each.name not in ("id", "robot_id", "name", "created_at", "updated_at")
)
_BY_NAME = query_for(
    Family,
    families,
    where=lambda s: s.where(families.c.robot_id == param("robot_id"), families.c.name == param("name")),
)
_BY_ID = query_for(Family, families, where=lambda s: s.where(families.c.id == param("family_id")))
_BY_IDS = query_for(Family, families, where=lambda s: s.where(any_of(families.c.id, "family_ids")))
_OF_ROBOT = query_for(
    Family,
    families,
    where=lambda s: s.where(families.c.robot_id == param("robot_id")).order_by(families.c.name),
)
_BY_PREFIX = query_for(
    Family,
    families,
    where=lambda s: s.where(
        families.c.robot_id == param("robot_id"),
        families.c.prefix != "",
        # The beginning itself is compared, since LIKE would take % and _ for wildcards.
        func.substr(param("local"), 1, func.length(families.c.prefix)) == families.c.prefix,
    ).order_by(families.c.id),
)
_ADD = Query(
    insert(families)
    .values(
        robot_id=param("robot_id"),
        name=param("name"),
        created_at=param("now"),
        updated_at=param("now"),
        **{name: param(name) for name in _WRITTEN},
    )
    .returning(*columns_for(Family, families)),
    Family,
)
_CHANGE = Query(
    update(families)
    .where(families.c.id == param("family_id"))
    .values(updated_at=param("now"), **{name: param(name) for name in _WRITTEN})
    .returning(*columns_for(Family, families)),
    Family,
)
_LOCK = Query(
    update(families).where(families.c.id == param("family_id")).values(most_lists=families.c.most_lists), int
)
_ALIVE_COUNT = Query(
    select(func.count())
    .select_from(lists)
    .where(lists.c.family_id == param("family_id"), lists.c.status.in_(_ALIVE)),
    int,
)
_LISTS = Query(selection().where(lists.c.family_id == param("family_id")).order_by(lists.c.name), MailingList)
_NAMED = Query(
    selection().where(lists.c.robot_id == param("robot_id"), each_of(lists.c.name, "names")), MailingList
)
_INSTANCES = query_for(
    FamilyInstance,
    family_instances,
    where=lambda s: s.where(each_of(family_instances.c.list_id, "list_ids")),
)


def _put_instance(inserter: Any) -> Any:
    made = inserter(family_instances).values(
        list_id=param("list_id"),
        parameters=param("parameters"),
        written=param("written"),
        is_automatic=param("is_automatic"),
    )
    return made.on_conflict_do_update(
        index_elements=["list_id"],
        set_={
            "parameters": made.excluded.parameters,
            "written": made.excluded.written,
            "is_automatic": made.excluded.is_automatic,
        },
    )


_PUT_INSTANCE: Query[int] = Query(_put_instance, int)
_TAKES_PART = Query(
    select(families.c.id).where(
        families.c.id == param("family_id"),
        or_(
            select(memberships.c.id)
            .join(lists, lists.c.id == memberships.c.list_id)
            .where(lists.c.family_id == families.c.id, any_of(memberships.c.address_key, "keys"))
            .exists(),
            select(roles.c.id)
            .join(lists, lists.c.id == roles.c.list_id)
            .where(lists.c.family_id == families.c.id, any_of(roles.c.address_key, "keys"))
            .exists(),
        ),
    ),
    int,
)
_MEMBERSHIPS = query_for(
    Membership,
    memberships,
    where=lambda s: (
        s.join(lists, lists.c.id == memberships.c.list_id)
        .where(lists.c.family_id == param("family_id"), any_of(memberships.c.address_key, "keys"))
        .order_by(lists.c.name, memberships.c.id)
    ),
)
_IDLE = Query(
    selection()
    .join(families, families.c.id == lists.c.family_id)
    .join(family_instances, family_instances.c.list_id == lists.c.id)
    .where(
        family_instances.c.is_automatic,
        lists.c.status == ListStatus.OPEN.value,
        or_(
            (lists.c.updated_at <= param("now") - families.c.idle_lifetime)
            & (func.coalesce(lists.c.latest_message_at, 0) <= param("now") - families.c.idle_lifetime),
            (lists.c.updated_at <= param("empty_since"))
            & (func.coalesce(lists.c.latest_message_at, 0) <= param("empty_since"))
            & ~select(memberships.c.id).where(memberships.c.list_id == lists.c.id).exists(),
        ),
    )
    .order_by(lists.c.id)
    .limit(param("at_most")),
    MailingList,
)


async def find(reader: Reader, robot_id: int, name: str) -> Family | None:
    """The family of that name in a robot."""
    return await reader.first(_BY_NAME, robot_id=robot_id, name=name)


async def by_id(reader: Reader, family_id: int) -> Family | None:
    """The family with this id."""
    return await reader.first(_BY_ID, family_id=family_id)


async def by_ids(reader: Reader, family_ids: list[int]) -> dict[int, Family]:
    """Families by their ids, in one statement."""
    return {family.id: family for family in await reader.all(_BY_IDS, family_ids=family_ids)}


async def of_robot(reader: Reader, robot_id: int) -> list[Family]:
    """The families of a robot, by name."""
    return await reader.all(_OF_ROBOT, robot_id=robot_id)


async def by_prefix(reader: Reader, robot_id: int, local: str) -> list[Family]:
    """The families of a robot with whose prefix a local part begins."""
    return await reader.all(_BY_PREFIX, robot_id=robot_id, local=local)


async def put(uow: UnitOfWork, known: Family | None, family: Family) -> Family:
    """Write a family: a new one, or over the one that is known."""
    values = {name: getattr(family, name) for name in _WRITTEN}
    if known is None:
        return await one(uow, _ADD, robot_id=family.robot_id, name=family.name, now=uow.now, **values)
    return await one(uow, _CHANGE, family_id=known.id, now=uow.now, **values)


async def lock(uow: UnitOfWork, family_id: int) -> None:
    """Let nobody else make lists of this family until the commit."""
    await uow.run(_LOCK, family_id=family_id)


async def count_alive(reader: Reader, family_id: int) -> int:
    """How many open or pending lists a family has."""
    return await one(reader, _ALIVE_COUNT, family_id=family_id)


async def lists_of(reader: Reader, family_id: int) -> list[MailingList]:
    """Every list of a family, whatever its state, by name."""
    return await reader.all(_LISTS, family_id=family_id)


async def lists_named(reader: Reader, robot_id: int, names: list[str]) -> dict[str, MailingList]:
    """Lists of a robot by these names, of whatever family."""
    return {mlist.name: mlist for mlist in await reader.all(_NAMED, robot_id=robot_id, names=names)}


async def instances(reader: Reader, list_ids: list[int]) -> dict[int, FamilyInstance]:
    """What lists were made with, by list id."""
    return {each.list_id: each for each in await reader.all(_INSTANCES, list_ids=list_ids)}


async def put_instances(uow: UnitOfWork, rows: Iterable[FamilyInstance]) -> None:
    """Write what lists were made with."""
    await uow.run_many(
        _PUT_INSTANCE,
        [{each.name: getattr(row, each.name) for each in fields(FamilyInstance)} for row in rows],
    )


async def takes_part(reader: Reader, family_id: int, keys: list[str]) -> bool:
    """Whether one of these addresses is on a list of the family or holds an office there."""
    return await reader.first(_TAKES_PART, family_id=family_id, keys=keys) is not None


async def memberships_of(reader: Reader, family_id: int, keys: list[str]) -> list[Membership]:
    """What these addresses are on in a family, by list name."""
    return await reader.all(_MEMBERSHIPS, family_id=family_id, keys=keys)


async def idle(reader: Reader, *, empty_since: int, at_most: int) -> list[MailingList]:
    """Open lists made by mail that had no message for their family's lifetime, or since `empty_since` nor any member."""
    return await reader.all(_IDLE, now=reader.now, empty_since=empty_since, at_most=at_most)
