"""Messages that lists take in: kept byte for byte, once for each list, then held, distributed or discarded."""

from collections.abc import Mapping

import orjson
from sqlalchemy import select, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, param, query_for
from storage.tables.lists import lists
from storage.tables.mail import StoredMessage, messages
from storage.tables.words import MessageState

_KEEP = Query(
    lambda insert: (
        insert(messages)
        .values(
            list_id=param("list_id"),
            message_id=param("message_id"),
            author=param("author"),
            subject=param("subject"),
            raw=param("raw"),
            size=param("size"),
            state=param("state"),
            in_reply_to=param("in_reply_to"),
            received_at=param("now"),
            archive_key=param("archive_key"),
            mail_results=param("mail_results"),
            content_hash=param("content_hash"),
        )
        .on_conflict_do_nothing(index_elements=["list_id", "message_id"])
        .returning(messages.c.id)
    ),
    int,
)
_FIND = query_for(StoredMessage, messages, where=lambda s: s.where(messages.c.id == param("id")))
_SEEN = query_for(
    StoredMessage,
    messages,
    where=lambda s: s.where(
        messages.c.list_id == param("list_id"), messages.c.message_id == param("message_id")
    ),
)
_RAW = Query(select(messages.c.raw).where(messages.c.id == param("id")), bytes)
_RESULTS = Query(select(messages.c.mail_results).where(messages.c.id == param("id")), str)
_SEVERAL_RESULTS: Query[tuple[int, str]] = Query(
    select(messages.c.id, messages.c.mail_results).where(any_of(messages.c.id, "ids")),
    lambda key, kept: (key, kept),
)
_SET_STATE = Query(update(messages).where(messages.c.id == param("id")).values(state=param("state")), int)
_ARCHIVE = Query(
    update(messages)
    .where(messages.c.id == param("id"))
    .values(state=MessageState.DISTRIBUTED.value, archived_at=param("now")),
    int,
)
_LATEST = Query(
    update(lists).where(lists.c.id == param("list_id")).values(latest_message_at=param("now")), int
)


async def keep(
    uow: UnitOfWork,
    *,
    list_id: int,
    message_id: str,
    author: str,
    subject: str,
    raw: bytes,
    state: MessageState,
    in_reply_to: str,
    archive_key: str,
    mail_results: Mapping[str, str] | None = None,
    content_hash: str = "",
) -> int | None:
    """Keep a message; its number, or None when the list has one with this Message-ID already.

    `mail_results` is what was found out about its origin, in RFC 8601's words; `content_hash` says what it says.
    """
    return await uow.first(
        _KEEP,
        list_id=list_id,
        message_id=message_id,
        author=author,
        subject=subject,
        raw=raw,
        size=len(raw),
        state=state.value,
        in_reply_to=in_reply_to,
        now=uow.now,
        archive_key=archive_key,
        mail_results=orjson.dumps(mail_results or {}).decode(),
        content_hash=content_hash,
    )


async def find(reader: Reader, key: int) -> StoredMessage | None:
    """One message, without its bytes."""
    return await reader.first(_FIND, id=key)


async def seen(reader: Reader, list_id: int, message_id: str) -> StoredMessage | None:
    """The message with this Message-ID that the list took in before."""
    return await reader.first(_SEEN, list_id=list_id, message_id=message_id)


async def mail_results(reader: Reader, key: int) -> Mapping[str, str]:
    """What was found out about a message's origin when it came; empty for one that did not come by mail."""
    kept = await reader.first(_RESULTS, id=key)
    found: Mapping[str, str] = {} if kept is None else orjson.loads(kept)
    return found


async def several_results(reader: Reader, keys: list[int]) -> dict[int, Mapping[str, str]]:
    """The same for several messages, by their numbers."""
    found = await reader.all(_SEVERAL_RESULTS, ids=keys)
    return {key: orjson.loads(kept) for key, kept in found}


async def raw(reader: Reader, key: int) -> bytes | None:
    """The bytes as they came."""
    return await reader.first(_RAW, id=key)


async def set_state(uow: UnitOfWork, key: int, state: MessageState) -> None:
    """What became of a message."""
    await uow.run(_SET_STATE, id=key, state=state.value)


async def archive(uow: UnitOfWork, key: int, list_id: int) -> None:
    """From this transaction on the message is in the archive (row 86)."""
    await uow.run(_ARCHIVE, id=key, now=uow.now)
    await uow.run(_LATEST, list_id=list_id, now=uow.now)
