"""Answers that were given, as rows: found again by who asked, what, under which key."""

from dataclasses import dataclass

from sqlalchemy import and_, delete, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, param, query_for
from storage.tables.access import idempotency

_SAME = and_(
    idempotency.c.asker == param("asker"),
    idempotency.c.operation == param("operation"),
    idempotency.c.mutation_key == param("key"),
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was asked and answered."""

    input_hash: bytes
    answer: str | None


_DROP_STALE = Query(delete(idempotency).where(_SAME, idempotency.c.created_at <= param("before")), int)
_CLAIM = Query(
    lambda insert: (
        insert(idempotency)
        .values(
            asker=param("asker"),
            operation=param("operation"),
            mutation_key=param("key"),
            input_hash=param("input_hash"),
            created_at=param("now"),
        )
        .on_conflict_do_nothing()
    ),
    int,
)
_FIND = query_for(Remembered, idempotency, where=lambda s: s.where(_SAME))
_ANSWER = Query(update(idempotency).where(_SAME).values(answer=param("answer")), int)
_DROP_OLD = Query(delete(idempotency).where(idempotency.c.created_at < param("before")), int)


async def claim(
    uow: UnitOfWork, asker: str, operation: str, key: str, input_hash: bytes, *, stale_before: int
) -> bool:
    """Note that this is asked now; False when it was asked already, after `stale_before`."""
    await uow.run(_DROP_STALE, asker=asker, operation=operation, key=key, before=stale_before)
    return (
        await uow.run(_CLAIM, asker=asker, operation=operation, key=key, input_hash=input_hash, now=uow.now)
        > 0
    )


async def find(reader: Reader, asker: str, operation: str, key: str) -> Remembered | None:
    """What was noted."""
    return await reader.first(_FIND, asker=asker, operation=operation, key=key)


async def answer(uow: UnitOfWork, asker: str, operation: str, key: str, text: str) -> None:
    """Keep the answer."""
    await uow.run(_ANSWER, asker=asker, operation=operation, key=key, answer=text)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Remove what was asked before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)
