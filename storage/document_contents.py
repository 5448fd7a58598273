"""The bytes of shared files in pieces of one row each, so that no file is ever held whole."""

from collections.abc import AsyncIterator

from sqlalchemy import delete, exists, func, insert, select, update

from storage.database import Database, Reader, UnitOfWork, one
from storage.query import Query, param, query_for
from storage.tables.documents import Content, document_chunks, document_contents, documents

_IS_USED = exists().where(documents.c.content_id == document_contents.c.id)
_ADD = Query(
    insert(document_contents)
    .values(
        list_id=param("list_id"),
        person_id=param("person_id"),
        media_type=param("media_type"),
        size=param("size"),
        created_at=param("now"),
        expires_at=param("expires_at"),
    )
    .returning(document_contents.c.id),
    int,
)
_BY_ID = query_for(
    Content, document_contents, where=lambda s: s.where(document_contents.c.id == param("content_id"))
)
_TAKEN = Query(
    select(func.coalesce(func.sum(document_contents.c.size), 0)).where(
        document_contents.c.list_id == param("list_id"),
        (document_contents.c.expires_at > param("now")) | _IS_USED,
    ),
    # PostgreSQL adds big integers up to a numeric.
    int,
)
_BEGIN = Query(
    update(document_contents)
    .where(
        document_contents.c.id == param("content_id"),
        document_contents.c.completed_at.is_(None),
        document_contents.c.expires_at > param("now"),
    )
    .values(attempt=document_contents.c.attempt + 1)
    .returning(document_contents.c.attempt),
    int,
)
_EMPTY = Query(delete(document_chunks).where(document_chunks.c.content_id == param("content_id")), int)
_CURRENT = Query(
    select(document_contents.c.id)
    .where(
        document_contents.c.id == param("content_id"),
        document_contents.c.attempt == param("attempt"),
        document_contents.c.completed_at.is_(None),
        document_contents.c.expires_at > param("now"),
    )
    .with_for_update(),
    int,
)
_APPEND = Query(
    insert(document_chunks).values(content_id=param("content_id"), place=param("place"), data=param("data")),
    int,
)
_COMPLETE = Query(
    update(document_contents)
    .where(
        document_contents.c.id == param("content_id"),
        document_contents.c.attempt == param("attempt"),
        document_contents.c.completed_at.is_(None),
    )
    .values(size=param("size"), sha256=param("sha256"), completed_at=param("now")),
    int,
)
_USED = Query(select(documents.c.id).where(documents.c.content_id == param("content_id")), int)
_ORPHANS = Query(
    select(document_contents.c.id)
    .where(document_contents.c.expires_at <= param("now"), ~_IS_USED)
    .order_by(document_contents.c.id)
    .limit(param("most")),
    int,
)
_FORGET = Query(
    delete(document_contents).where(document_contents.c.id == param("content_id"), ~_IS_USED), int
)
_CHUNK = Query(
    select(document_chunks.c.data).where(
        document_chunks.c.content_id == param("content_id"), document_chunks.c.place == param("place")
    ),
    bytes,
)


async def add(
    uow: UnitOfWork, list_id: int, person_id: int | None, media_type: str, size: int, expires_at: int
) -> int:
    """Room for at most `size` bytes until an instant; its number."""
    return await one(
        uow,
        _ADD,
        list_id=list_id,
        person_id=person_id,
        media_type=media_type,
        size=size,
        now=uow.now,
        expires_at=expires_at,
    )


async def by_id(reader: Reader, content_id: int) -> Content | None:
    """What is known of some bytes."""
    return await reader.first(_BY_ID, content_id=content_id)


async def taken(reader: Reader, list_id: int) -> int:
    """How many bytes a list's documents take: shared, waiting, in the trash, on their way."""
    return await one(reader, _TAKEN, list_id=list_id, now=reader.now)


async def begin(uow: UnitOfWork, content_id: int) -> int | None:
    """Begin a transfer, ending one that runs; its number, or None where nothing more may come."""
    attempt = await uow.first(_BEGIN, content_id=content_id, now=uow.now)
    if attempt is not None:
        await uow.run(_EMPTY, content_id=content_id)
    return attempt


async def append(uow: UnitOfWork, content_id: int, attempt: int, place: int, data: bytes) -> bool:
    """Keep the next piece; False when the transfer was begun anew, has ended, or came too late."""
    current = await uow.first(_CURRENT, content_id=content_id, attempt=attempt, now=uow.now)
    if current is None:
        return False
    await uow.run(_APPEND, content_id=content_id, place=place, data=data)
    return True


async def complete(uow: UnitOfWork, content_id: int, attempt: int, size: int, sha256: str) -> bool:
    """Every byte is here; False when the transfer was begun anew."""
    changed = await uow.run(
        _COMPLETE, content_id=content_id, attempt=attempt, size=size, sha256=sha256, now=uow.now
    )
    return changed == 1


async def is_used(reader: Reader, content_id: int) -> bool:
    """Whether these bytes are a file's already."""
    return await reader.first(_USED, content_id=content_id) is not None


async def orphans(reader: Reader, most: int) -> list[int]:
    """At most so many contents that are no file's and whose time is over."""
    return await reader.all(_ORPHANS, now=reader.now, most=most)


async def forget(uow: UnitOfWork, content_id: int) -> int:
    """Take bytes away that are no file's; how many contents."""
    return await uow.run(_FORGET, content_id=content_id)


async def chunks(db: Database, content_id: int, size: int) -> AsyncIterator[bytes]:
    """The bytes in their order, piece by piece; none is read before it is wanted, and no connection is held between.

    Raises LookupError where fewer than `size` are there, so that no reader takes a part for the whole.
    """
    place = given = 0
    while given < size:
        async with db.read() as reader:
            data = await reader.first(_CHUNK, content_id=content_id, place=place)
        if data is None:
            raise LookupError(f"the content {content_id} ends after {given} of {size} bytes")
        yield data
        given += len(data)
        place += 1
