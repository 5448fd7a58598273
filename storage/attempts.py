"""Counted attempts as rows: hashes of who tried what, and when."""

from collections.abc import Iterable

from sqlalchemy import delete, func, insert, select

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, param
from storage.tables.access import attempts

# SQLite has one writer at a time; PostgreSQL is told to count one subject at a time.
_LOCK = Query(select(func.pg_advisory_xact_lock(param("number"))), str)
_NTH_LATEST = Query(
    select(attempts.c.happened_at)
    .where(attempts.c.subject_hash == param("subject_hash"), attempts.c.happened_at > param("since"))
    .order_by(attempts.c.happened_at.desc(), attempts.c.id.desc())
    .limit(1)
    .offset(param("skip")),
    int,
)
_ADD = Query(
    insert(attempts)
    .values(subject_hash=param("subject_hash"), happened_at=param("now"))
    .returning(attempts.c.id),
    int,
)
_FORGET = Query(delete(attempts).where(any_of(attempts.c.id, "ids")), int)
_DROP_OLD = Query(delete(attempts).where(attempts.c.happened_at < param("before")), int)


async def lock(uow: UnitOfWork, subject_hash: bytes) -> None:
    """Let nobody else count this subject until the transaction ends."""
    if uow.dialect == "postgresql":
        await uow.all(_LOCK, number=int.from_bytes(subject_hash[:8], signed=True))


async def nth_latest(reader: Reader, subject_hash: bytes, *, n: int, since: int) -> int | None:
    """When the n-th latest attempt after `since` happened; None when there were fewer."""
    return await reader.first(_NTH_LATEST, subject_hash=subject_hash, since=since, skip=n - 1)


async def add(uow: UnitOfWork, subject_hash: bytes) -> int:
    """Count one attempt; its number."""
    return await one(uow, _ADD, subject_hash=subject_hash, now=uow.now)


async def forget(uow: UnitOfWork, attempt_ids: Iterable[int]) -> None:
    """Let these attempts not count."""
    await uow.run(_FORGET, ids=[*attempt_ids])


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Remove attempts from before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)
