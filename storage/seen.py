"""What may be used only once, such as an assertion's id: the first use leaves a row that every other one meets."""

import hashlib

from sqlalchemy import delete, select

from storage.database import Reader, UnitOfWork
from storage.query import Query, param
from storage.tables.applications import seen_assertions

_ADD = Query(
    lambda insert: (
        insert(seen_assertions)
        .values(namespace=param("namespace"), id_hash=param("id_hash"), expires_at=param("expires_at"))
        .on_conflict_do_nothing()
    ),
    int,
)
_IS_THERE = Query(
    select(seen_assertions.c.expires_at).where(
        seen_assertions.c.namespace == param("namespace"), seen_assertions.c.id_hash == param("id_hash")
    ),
    int,
)
_DROP_OLD = Query(delete(seen_assertions).where(seen_assertions.c.expires_at < param("before")), int)


async def first_time(uow: UnitOfWork, namespace: str, id: str, expires_at: int) -> bool:
    """Whether this id was never used in this namespace; from the commit on it was.

    Of two at the same time one is the first. `expires_at` is the instant from which on whoever gave the id out would
    be refused anyhow: the row may go then. A namespace is one giver of ids, such as `application 5`.
    """
    return await uow.run(_ADD, namespace=namespace, id_hash=_hashed(id), expires_at=expires_at) > 0


async def is_there(reader: Reader, namespace: str, id: str) -> bool:
    """Whether this id was used in this namespace."""
    return await reader.first(_IS_THERE, namespace=namespace, id_hash=_hashed(id)) is not None


def _hashed(id: str) -> bytes:
    return hashlib.sha256(id.encode("utf-8", "surrogatepass")).digest()


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Remove ids that expired before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)
