"""What waits for somebody's decision, and the one atomic step by which it is decided."""

from functools import cache
from typing import Any

import orjson
from sqlalchemy import func, insert, select, update
from sqlalchemy.sql import Select

from storage.database import Reader, UnitOfWork, one
from storage.keyset import Page, Shape, Window, fetch, windowed
from storage.pairs import pair_of
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.lists import MailingList, lists, robots
from storage.tables.mail import ModerationItem, moderation
from storage.tables.words import ModerationKind, ModerationState

_COLUMNS = columns_for(ModerationItem, moderation)
_WAITING = moderation.c.state == ModerationState.WAITING.value
_BY_ID = query_for(ModerationItem, moderation, where=lambda s: s.where(moderation.c.id == param("item_id")))
_WITH_LIST = Query(
    select(*_COLUMNS, *columns_for(MailingList, lists, robots))
    .join(lists, lists.c.id == moderation.c.list_id)
    .join(robots, robots.c.id == lists.c.robot_id)
    .where(moderation.c.id == param("item_id")),
    pair_of(ModerationItem, MailingList),
)
_SAME = query_for(
    ModerationItem,
    moderation,
    where=lambda s: s.where(
        _WAITING,
        moderation.c.list_id == param("list_id"),
        moderation.c.kind == param("kind"),
        moderation.c.author == param("author"),
    ).order_by(moderation.c.id),
)
_ADD = Query(
    insert(moderation)
    .values(
        list_id=param("list_id"),
        kind=param("kind"),
        message_id=param("message_id"),
        author=param("author"),
        subject=param("subject"),
        payload=param("payload"),
        received_at=param("now"),
    )
    .returning(*_COLUMNS),
    ModerationItem,
)
_TAKE = Query(
    update(moderation)
    .where(moderation.c.id == param("item_id"), _WAITING)
    .values(
        state=param("new_state"),
        decided_at=param("now"),
        decided_by=param("decided_by"),
        reason=param("reason"),
    )
    .returning(*_COLUMNS),
    ModerationItem,
)


async def by_id(reader: Reader, item_id: int) -> ModerationItem | None:
    """One item, waiting or decided."""
    return await reader.first(_BY_ID, item_id=item_id)


async def with_list(reader: Reader, item_id: int) -> tuple[ModerationItem, MailingList] | None:
    """One item and its list."""
    return await reader.first(_WITH_LIST, item_id=item_id)


async def waiting_for(
    reader: Reader, list_id: int, kind: ModerationKind, author: str
) -> ModerationItem | None:
    """The oldest item of this kind by this author that waits on the list."""
    return await reader.first(_SAME, list_id=list_id, kind=kind.value, author=author)


async def add(
    uow: UnitOfWork,
    list_id: int,
    kind: ModerationKind,
    *,
    author: str,
    subject: str = "",
    message_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> ModerationItem:
    """Something new to decide on; `message_id` is the row of the held message."""
    return await one(
        uow,
        _ADD,
        list_id=list_id,
        kind=kind.value,
        message_id=message_id,
        author=author,
        subject=subject,
        payload=orjson.dumps(payload or {}).decode(),
        now=uow.now,
    )


async def take(
    uow: UnitOfWork, item_id: int, state: ModerationState, *, decided_by: str, reason: str = ""
) -> ModerationItem | None:
    """Decide on a waiting item; None when somebody was faster. One atomic statement."""
    return await uow.first(
        _TAKE, item_id=item_id, new_state=state.value, decided_by=decided_by, reason=reason, now=uow.now
    )


def _waiting(statement: Select[Any], author: bool) -> Select[Any]:
    statement = statement.where(
        moderation.c.list_id == param("list_id"), _WAITING, any_of(moderation.c.kind, "kinds")
    )
    return statement.where(moderation.c.author == param("author")) if author else statement


@cache
def _page(shape: Shape, author: bool) -> Query[ModerationItem]:
    statement = _waiting(select(*_COLUMNS), author)
    return Query(
        windowed(statement, moderation.c.received_at, moderation.c.id, descending=False, shape=shape),
        ModerationItem,
    )


@cache
def _count(author: bool) -> Query[int]:
    return Query(_waiting(select(func.count()).select_from(moderation), author), int)


def _params(list_id: int, kinds: tuple[ModerationKind, ...], author: str | None) -> dict[str, Any]:
    params: dict[str, Any] = {"list_id": list_id, "kinds": [kind.value for kind in kinds]}
    return params if author is None else {**params, "author": author}


async def page(
    reader: Reader,
    list_id: int,
    window: Window,
    *,
    kinds: tuple[ModerationKind, ...],
    author: str | None = None,
) -> Page[ModerationItem]:
    """A page of what waits on a list, oldest first; places are (received_at, id)."""
    query = _page(window.shape, author is not None)
    return await fetch(reader, query, window, **_params(list_id, kinds, author))


async def count(
    reader: Reader, list_id: int, *, kinds: tuple[ModerationKind, ...], author: str | None = None
) -> int:
    """How many items wait."""
    return await one(reader, _count(author is not None), **_params(list_id, kinds, author))
