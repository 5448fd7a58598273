"""Transactions that wait for each other by name, so that what one has read holds until it has written."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import func, select

from storage.database import UnitOfWork
from storage.query import Query, param

# SQLite has one writer at a time; PostgreSQL is told.
_LOCK = Query(select(func.pg_advisory_xact_lock(param("number"))), str)


async def take(uow: UnitOfWork, names: Iterable[str]) -> None:
    """Let nobody else take these names until the transaction ends.

    To be asked once in a transaction, before it reads: all are taken in one order, so that no two wait for each other.
    """
    if uow.dialect != "postgresql":
        return
    hashes = (hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8] for name in {*names})
    for number in sorted(int.from_bytes(each, signed=True) for each in hashes):
        await uow.all(_LOCK, number=number)
