"""Big lists are cut into packets chunk by chunk, beside everything else that goes on."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from storage import expansion
from storage.database import Database, UnitOfWork
from storage.undone import transacted

log = structlog.get_logger(__name__)
# Others who write to SQLite get their turn between two chunks; those of other processes ask every 10 ms, and must find the
# door open once. On PostgreSQL nobody waits for a chunk.
_BREATH_SECONDS = {"sqlite": 0.012, "postgresql": 0.0}
# Nobody rings for what a process that died left behind.
_LOOK_SECONDS = 5.0


async def expand_more(uow: UnitOfWork) -> bool:
    """One further chunk of some delivery, in this transaction; whether there was one (rows 20, 86)."""
    return await expansion.expand_more(uow)


async def expand_all(database: Database, found: Callable[[], None]) -> None:
    """Chunk after chunk, each in a transaction of its own, until every open delivery is wholly expanded.

    `found` is called after each. Killed at any point it has done whole chunks only; whoever comes next does the next one.
    """
    while True:
        async with database.read() as reader:
            if not await expansion.waits(reader):
                return
        # Before it, so that the first copies are on their way before the second chunk is begun.
        await asyncio.sleep(_BREATH_SECONDS[database.dialect])
        # A chunk that is lost with the power is cut again, and what was sent of it is lost from the record with it.
        if not await transacted(database, expand_more, durable=False):
            # All that waits is in the hands of other processes.
            return
        found()


async def keep_expanding(database: Database, bell: asyncio.Event, found: Callable[[], None]) -> None:
    """Expand whatever there is each time that the bell rings, and now and then without; until cancelled."""
    while True:
        bell.clear()
        try:
            await expand_all(database, found)
        except Exception:
            # A database that goes away comes back, and the chunk was not begun.
            log.exception("expansion_broke")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bell.wait(), _LOOK_SECONDS)
