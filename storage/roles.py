"""Offices on lists and robots, by the address that holds them."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.sql import Select

from storage.base_keys import base_key
from storage.database import Reader, UnitOfWork, one
from storage.keyset import Page, Shape, Window, fetch, windowed
from storage.pairs import pair_of
from storage.query import Query, any_of, columns_for, each_of, like_any, param, query_for
from storage.tables.lists import MailingList, Role, lists, robots, roles
from storage.tables.words import Reception, RoleKind


@dataclass(frozen=True, slots=True)
class Office:
    """That an address holds an office; an empty key says only that the list has such an office filled."""

    list_id: int | None
    kind: RoleKind
    address_key: str


_HERE = (
    roles.c.robot_id == param("robot_id"),
    roles.c.list_id.is_(None) | any_of(roles.c.list_id, "list_ids"),
)
_FILLED = (
    select(roles.c.list_id, roles.c.kind, literal("").label("address_key"))
    .where(any_of(roles.c.list_id, "list_ids"), roles.c.kind == RoleKind.EDITOR.value)
    .distinct()
)
_HELD = select(roles.c.list_id, roles.c.kind, roles.c.address_key)
_OFFICES: Query[Office] = Query(
    _HELD.where(any_of(roles.c.base_key, "bases"), *_HERE).union_all(_FILLED), Office
)
_OFFICES_BY_PATTERN: Query[Office] = Query(
    _HELD.where(
        any_of(roles.c.base_key, "bases") | like_any(roles.c.address_key, "patterns"), *_HERE
    ).union_all(_FILLED),
    Office,
)
_OF_LIST = query_for(
    Role,
    roles,
    where=lambda s: s.where(roles.c.list_id == param("list_id"), any_of(roles.c.kind, "kinds")).order_by(
        roles.c.id
    ),
)
_OF_LISTS = query_for(
    Role, roles, where=lambda s: s.where(each_of(roles.c.list_id, "list_ids")).order_by(roles.c.id)
)
_OF_ROBOT = query_for(
    Role,
    roles,
    where=lambda s: s.where(roles.c.robot_id == param("robot_id"), roles.c.list_id.is_(None)).order_by(
        roles.c.id
    ),
)
_OF_LISTS_OF_ROBOT = query_for(
    Role,
    roles,
    where=lambda s: s.where(roles.c.robot_id == param("robot_id"), roles.c.list_id.is_not(None)).order_by(
        roles.c.address_key, roles.c.id
    ),
)
_HELD_IN_ROBOT = query_for(
    Role,
    roles,
    where=lambda s: s.where(
        roles.c.robot_id == param("robot_id"), any_of(roles.c.address_key, "keys")
    ).order_by(roles.c.id),
)
_BY_ID = query_for(Role, roles, where=lambda s: s.where(roles.c.id == param("role_id")))
_SAME = query_for(
    Role,
    roles,
    where=lambda s: s.where(
        roles.c.robot_id == param("robot_id"),
        func.coalesce(roles.c.list_id, 0) == param("list_id"),
        roles.c.kind == param("kind"),
        roles.c.address_key == param("address_key"),
    ),
)
_VALUES = {
    "robot_id": param("robot_id"),
    "list_id": param("list_id"),
    "kind": param("kind"),
    "address": param("address"),
    "address_key": param("address_key"),
    "base_key": param("base_key"),
    "display_name": param("display_name"),
    "reception": param("reception"),
    "is_shown": param("is_shown"),
    "created_at": param("now"),
}
_ADD = Query(insert(roles).values(_VALUES).returning(*columns_for(Role, roles)), Role)
_ADD_MANY: Query[int] = Query(
    lambda inserter: (
        inserter(roles)
        .values(_VALUES)
        .on_conflict_do_nothing(index_elements=["list_id", "kind", "address_key"])
    ),
    int,
)
_REMOVE = Query(delete(roles).where(roles.c.id == param("role_id")), int)


async def offices(
    reader: Reader, robot_id: int, list_ids: list[int], bases: list[str], patterns: list[tuple[str, str]]
) -> list[Office]:
    """What addresses with these base keys hold on some lists of a robot and on it, and which lists have editors at all.

    `patterns` are those of `memberships.keys_near`.
    """
    if not patterns:
        return await reader.all(_OFFICES, robot_id=robot_id, list_ids=list_ids, bases=bases)
    return await reader.all(
        _OFFICES_BY_PATTERN,
        robot_id=robot_id,
        list_ids=list_ids,
        bases=bases,
        patterns=[pattern for _, pattern in patterns],
    )


async def of_list(reader: Reader, list_id: int, *kinds: RoleKind) -> list[Role]:
    """The offices of a list, oldest first; all kinds when none is named."""
    wanted = [kind.value for kind in kinds or RoleKind]
    return await reader.all(_OF_LIST, list_id=list_id, kinds=wanted)


async def of_lists(reader: Reader, list_ids: list[int]) -> dict[int, list[Role]]:
    """The offices of many lists by list id, oldest first, in one statement."""
    found: dict[int, list[Role]] = {}
    for role in await reader.all(_OF_LISTS, list_ids=list_ids):
        found.setdefault(role.list_id or 0, []).append(role)
    return found


async def of_robot(reader: Reader, robot_id: int) -> list[Role]:
    """The listmasters of a robot."""
    return await reader.all(_OF_ROBOT, robot_id=robot_id)


async def of_lists_of_robot(reader: Reader, robot_id: int) -> list[Role]:
    """Every office of every list of a robot, by address."""
    return await reader.all(_OF_LISTS_OF_ROBOT, robot_id=robot_id)


async def held_in_robot(reader: Reader, robot_id: int, *keys: str) -> list[Role]:
    """Every office that these addresses hold in a robot, on its lists and on itself."""
    return await reader.all(_HELD_IN_ROBOT, robot_id=robot_id, keys=[*keys])


async def by_id(reader: Reader, role_id: int) -> Role | None:
    """One office."""
    return await reader.first(_BY_ID, role_id=role_id)


async def same(
    reader: Reader, robot_id: int, list_id: int | None, kind: RoleKind, address_key: str
) -> Role | None:
    """The office of that kind that the address holds already."""
    return await reader.first(
        _SAME, robot_id=robot_id, list_id=list_id or 0, kind=kind.value, address_key=address_key
    )


async def add(
    uow: UnitOfWork,
    *,
    robot_id: int,
    list_id: int | None,
    kind: RoleKind,
    address: str,
    address_key: str,
    display_name: str = "",
    reception: Reception = Reception.MAIL,
    is_shown: bool = True,
) -> Role:
    """A new office; the caller has seen that the address does not hold it."""
    return await one(
        uow,
        _ADD,
        robot_id=robot_id,
        list_id=list_id,
        kind=kind.value,
        address=address,
        address_key=address_key,
        base_key=base_key(address_key),
        display_name=display_name,
        reception=reception.value,
        is_shown=is_shown,
        now=uow.now,
    )


async def add_many(uow: UnitOfWork, robot_id: int, rows: list[tuple[int, RoleKind, str, str]]) -> None:
    """Many offices at once, each (list id, kind, address, its key); those held already stay."""
    await uow.run_many(
        _ADD_MANY,
        [
            {
                "robot_id": robot_id,
                "list_id": list_id,
                "kind": kind.value,
                "address": address,
                "address_key": key,
                "base_key": base_key(key),
                "display_name": "",
                "reception": Reception.MAIL.value,
                "is_shown": True,
                "now": uow.now,
            }
            for list_id, kind, address, key in rows
        ],
    )


async def remove(uow: UnitOfWork, role_id: int) -> bool:
    """End an office; False when it was gone already."""
    return await uow.run(_REMOVE, role_id=role_id) == 1


async def remove_many(uow: UnitOfWork, role_ids: list[int]) -> None:
    """End many offices."""
    await uow.run_many(_REMOVE, [{"role_id": role_id} for role_id in role_ids])


@cache
def _list_page(shape: Shape) -> Query[Role]:
    statement: Select[tuple[object, ...]] = select(*columns_for(Role, roles)).where(
        roles.c.list_id == param("list_id"),
        any_of(roles.c.kind, "kinds"),
        roles.c.is_shown | param("hidden_too"),
    )
    return Query(windowed(statement, roles.c.address_key, roles.c.id, descending=False, shape=shape), Role)


async def page_of_list(
    reader: Reader, list_id: int, window: Window, *kinds: RoleKind, hidden_too: bool
) -> Page[Role]:
    """A page of a list's offices by address; without `hidden_too` only those that are named on its page."""
    wanted = [kind.value for kind in kinds]
    return await fetch(
        reader, _list_page(window.shape), window, list_id=list_id, kinds=wanted, hidden_too=hidden_too
    )


@cache
def _held_page(shape: Shape) -> Query[tuple[Role, MailingList]]:
    statement = (
        select(*columns_for(Role, roles), *columns_for(MailingList, lists, robots))
        .join(lists, lists.c.id == roles.c.list_id)
        .join(robots, robots.c.id == lists.c.robot_id)
        .where(any_of(roles.c.address_key, "keys"), roles.c.robot_id == param("robot_id"))
    )
    return Query(
        windowed(statement, lists.c.name, roles.c.id, descending=False, shape=shape),
        pair_of(Role, MailingList),
    )


async def page_held(
    reader: Reader, robot_id: int, keys: list[str], window: Window
) -> Page[tuple[Role, MailingList]]:
    """A page of the offices that these addresses hold on lists of a robot, by list name, with the lists."""
    return await fetch(reader, _held_page(window.shape), window, robot_id=robot_id, keys=keys)


_COUNT_OF_LIST = Query(
    select(func.count())
    .select_from(roles)
    .where(
        roles.c.list_id == param("list_id"),
        any_of(roles.c.kind, "kinds"),
        roles.c.is_shown | param("hidden_too"),
    ),
    int,
)
_COUNT_HELD = Query(
    select(func.count())
    .select_from(roles)
    .where(
        any_of(roles.c.address_key, "keys"),
        roles.c.robot_id == param("robot_id"),
        roles.c.list_id.is_not(None),
    ),
    int,
)


async def count_of_list(reader: Reader, list_id: int, *kinds: RoleKind, hidden_too: bool) -> int:
    """How many offices `page_of_list` has."""
    wanted = [kind.value for kind in kinds]
    return await one(reader, _COUNT_OF_LIST, list_id=list_id, kinds=wanted, hidden_too=hidden_too)


async def count_held(reader: Reader, robot_id: int, keys: list[str]) -> int:
    """How many offices `page_held` has."""
    return await one(reader, _COUNT_HELD, robot_id=robot_id, keys=keys)
