"""The readable archive: messages that a list has archived, by permalink and page by page."""

from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.sql import Select

from storage.database import Reader, one
from storage.keyset import Page, Shape, Window, fetch, windowed
from storage.lists import like_pattern
from storage.query import Query, any_of, columns_for, param
from storage.tables.mail import StoredMessage, messages

_COLUMNS = columns_for(StoredMessage, messages)
_ARCHIVED = messages.c.archived_at.is_not(None)
_BY_KEY = Query(
    select(*_COLUMNS).where(
        messages.c.archive_key == param("archive_key"), messages.c.list_id == param("list_id"), _ARCHIVED
    ),
    StoredMessage,
)
_BY_IDS = Query(select(*_COLUMNS).where(any_of(messages.c.id, "message_ids")), StoredMessage)
_BY_MESSAGE_IDS = Query(
    select(*_COLUMNS).where(
        messages.c.list_id == param("list_id"), any_of(messages.c.message_id, "message_ids"), _ARCHIVED
    ),
    StoredMessage,
)
_RAW = Query(select(messages.c.raw).where(messages.c.id == param("stored_id")), bytes)

Outline = tuple[bool, bool, bool]


async def by_key(reader: Reader, list_id: int, archive_key: str) -> StoredMessage | None:
    """The archived message behind a permalink, on this list only."""
    return await reader.first(_BY_KEY, list_id=list_id, archive_key=archive_key)


async def by_ids(reader: Reader, message_ids: list[int]) -> dict[int, StoredMessage]:
    """Messages by their row ids, archived or not."""
    return {each.id: each for each in await reader.all(_BY_IDS, message_ids=message_ids)}


async def by_message_ids(reader: Reader, list_id: int, message_ids: list[str]) -> dict[str, StoredMessage]:
    """A list's archived messages by their Message-IDs, for `in reply to`."""
    found = await reader.all(_BY_MESSAGE_IDS, list_id=list_id, message_ids=message_ids)
    return {each.message_id: each for each in found}


async def raw(reader: Reader, stored_id: int) -> bytes | None:
    """A message byte for byte as it came."""
    return await reader.first(_RAW, stored_id=stored_id)


def _narrowed(statement: Select[Any], outline: Outline) -> Select[Any]:
    since, until, author = outline
    statement = statement.where(messages.c.list_id == param("list_id"), _ARCHIVED)
    if since:
        statement = statement.where(messages.c.archived_at >= param("since"))
    if until:
        statement = statement.where(messages.c.archived_at < param("until"))
    if author:
        statement = statement.where(func.lower(messages.c.author).like(param("pattern"), escape="!"))
    return statement


@cache
def _page(shape: Shape, outline: Outline) -> Query[StoredMessage]:
    statement = _narrowed(select(*_COLUMNS), outline)
    return Query(
        windowed(statement, messages.c.archived_at, messages.c.id, descending=True, shape=shape),
        StoredMessage,
    )


@cache
def _count(outline: Outline) -> Query[int]:
    return Query(_narrowed(select(func.count()).select_from(messages), outline), int)


def _filled(since: int | None, until: int | None, author: str) -> tuple[Outline, dict[str, Any]]:
    params: dict[str, Any] = {}
    if since is not None:
        params["since"] = since
    if until is not None:
        params["until"] = until
    if author:
        params["pattern"] = like_pattern(author)
    return (since is not None, until is not None, bool(author)), params


async def page(
    reader: Reader,
    list_id: int,
    window: Window,
    *,
    since: int | None = None,
    until: int | None = None,
    author: str = "",
) -> Page[StoredMessage]:
    """A page of a list's archive, latest first; places are (archived_at, id), bounds are instants."""
    outline, params = _filled(since, until, author)
    return await fetch(reader, _page(window.shape, outline), window, list_id=list_id, **params)


async def count(
    reader: Reader, list_id: int, *, since: int | None = None, until: int | None = None, author: str = ""
) -> int:
    """How many messages `page` has."""
    outline, params = _filled(since, until, author)
    return await one(reader, _count(outline), list_id=list_id, **params)
