"""What waits because of somebody's addresses, and what waits at lists that they look after."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import and_, exists, func, literal_column, or_, select
from sqlalchemy.sql import Select

from storage.database import Reader, one
from storage.keyset import Page, Shape, Window, fetch, windowed
from storage.pairs import pair_of
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.access import Ticket, tickets
from storage.tables.lists import MailingList, lists, robots, roles
from storage.tables.mail import ModerationItem, moderation
from storage.tables.words import ModerationKind

# Written out, since a partial index serves only a condition that is known when the statement is planned.
_WAITING = moderation.c.state == literal_column("'waiting'")
_ITEM = columns_for(ModerationItem, moderation)

_BY_AUTHORS: Query[tuple[ModerationItem, MailingList]] = Query(
    select(*_ITEM, *columns_for(MailingList, lists, robots))
    .join(lists, lists.c.id == moderation.c.list_id)
    .join(robots, robots.c.id == lists.c.robot_id)
    .where(_WAITING, any_of(func.lower(moderation.c.author), "keys"), lists.c.robot_id == param("robot_id"))
    .order_by(moderation.c.id)
    .limit(param("limit")),
    pair_of(ModerationItem, MailingList),
)
_TICKETS = query_for(
    Ticket,
    tickets,
    where=lambda s: (
        s.where(
            any_of(tickets.c.address, "addresses"),
            any_of(tickets.c.purpose, "purposes"),
            tickets.c.robot_id == param("robot_id"),
            tickets.c.used_at.is_(None),
            or_(tickets.c.expires_at.is_(None), tickets.c.expires_at > param("now")),
        )
        .order_by(tickets.c.id)
        .limit(param("limit"))
    ),
)
_LOOKED_AFTER = query_for(
    MailingList,
    lists,
    robots,
    where=lambda s: (
        s.join(robots, robots.c.id == lists.c.robot_id)
        .where(
            lists.c.robot_id == param("robot_id"),
            exists().where(moderation.c.list_id == lists.c.id, _WAITING),
            or_(
                exists().where(roles.c.list_id == lists.c.id, any_of(roles.c.base_key, "bases")),
                and_(
                    param("new_lists_too"),
                    exists().where(
                        moderation.c.list_id == lists.c.id,
                        _WAITING,
                        moderation.c.kind == ModerationKind.LIST_CREATION.value,
                    ),
                ),
            ),
        )
        .order_by(lists.c.id)
        .limit(param("limit"))
    ),
)


async def by_authors(
    reader: Reader, robot_id: int, keys: list[str], *, limit: int
) -> list[tuple[ModerationItem, MailingList]]:
    """What these addresses sent or asked and nobody has decided on yet, oldest first, with the lists."""
    return await reader.all(_BY_AUTHORS, robot_id=robot_id, keys=keys, limit=limit)


async def open_tickets(
    reader: Reader, robot_id: int, addresses: list[str], purposes: list[str], *, limit: int
) -> list[Ticket]:
    """Questions that were mailed to these addresses, as they are written, and wait for an answer; oldest first."""
    return await reader.all(
        _TICKETS, robot_id=robot_id, addresses=addresses, purposes=purposes, limit=limit, now=reader.now
    )


async def looked_after(
    reader: Reader, robot_id: int, bases: list[str], *, new_lists_too: bool, limit: int
) -> list[MailingList]:
    """Lists where something waits and one of these base keys holds an office; lists that wait to be opened, if asked for."""
    return await reader.all(
        _LOOKED_AFTER, robot_id=robot_id, bases=bases, new_lists_too=new_lists_too, limit=limit
    )


def _of_lists(statement: Select[Any]) -> Select[Any]:
    """Narrowed to each kind's own lists."""
    kinds = [
        and_(moderation.c.kind == kind.value, any_of(moderation.c.list_id, f"{kind.value}_lists"))
        for kind in ModerationKind
    ]
    return statement.where(_WAITING, or_(*kinds))


@cache
def _page(shape: Shape) -> Query[ModerationItem]:
    statement = windowed(
        _of_lists(select(*_ITEM)), moderation.c.received_at, moderation.c.id, descending=False, shape=shape
    )
    return Query(statement, ModerationItem)


_COUNT = Query(_of_lists(select(func.count()).select_from(moderation)), int)


def _params(lists_of: Mapping[ModerationKind, list[int]]) -> dict[str, list[int]]:
    return {f"{kind.value}_lists": lists_of.get(kind, []) for kind in ModerationKind}


async def page_of(
    reader: Reader, lists_of: Mapping[ModerationKind, list[int]], window: Window
) -> Page[ModerationItem]:
    """A page of what waits at many lists, of each kind at its own ones, oldest first; places are (received_at, id)."""
    return await fetch(reader, _page(window.shape), window, **_params(lists_of))


async def count_of(reader: Reader, lists_of: Mapping[ModerationKind, list[int]]) -> int:
    """How many items `page_of` has."""
    return await one(reader, _COUNT, **_params(lists_of))
