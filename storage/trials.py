"""Transactions of which nothing stays, for those who only ask what would happen."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from storage.database import Database, UnitOfWork

T = TypeVar("T")


class _Over(Exception):
    """A trial is over."""


async def tried(database: Database, work: Callable[[UnitOfWork], Awaitable[T]], *, is_dry: bool = True) -> T:
    """What `work` comes to in a transaction of its own, of which nothing stays where it `is_dry`."""
    found: list[T] = []
    with suppress(_Over):
        async with database.write(durable=not is_dry) as uow:
            found.append(await work(uow))
            if is_dry:
                raise _Over
    return found[0]
