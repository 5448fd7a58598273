"""Work that the database itself undid, because of what others did at the same moment, is done once more."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from storage.database import Database, Undone, UnitOfWork

log = structlog.get_logger(__name__)
T = TypeVar("T")
_TRIES = 8
_SHORTEST_MILLISECONDS = 10


async def until_done(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` answers; begun anew, after a moment that differs from the others', each time that it is undone.

    It changes nothing but its own transaction, so that nothing is done twice. Raises Undone after eight times.
    """
    for tries in range(1, _TRIES):
        try:
            return await work()
        except Undone as undone:
            log.info("transaction_undone", reason=str(undone), tries=tries)
            await asyncio.sleep(secrets.randbelow(_SHORTEST_MILLISECONDS * 2**tries) / 1000)
    return await work()


async def transacted(
    database: Database,
    work: Callable[[UnitOfWork], Awaitable[T]],
    *,
    durable: bool = True,
    brief: bool = False,
) -> T:
    """What `work` answers in a transaction of its own, which is begun anew where the database undid it (`until_done`)."""

    async def once() -> T:
        async with database.write(durable=durable, brief=brief) as uow:
            return await work(uow)

    return await until_done(once)
