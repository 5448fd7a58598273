"""What it costs to name every address that is on a list here for a new peer: how long it takes, and who waits meanwhile.

Measured beside it: the longest time for which the loop did nothing else, the longest wait of somebody who writes two hundred
times a second (a transaction of ours holds them up), what one question looks up before and after, and the hourly tidying
that finds nothing to do.
"""

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench._even_answers import AdvancingClock
from bench._world import SITE, a_list, sqlite_url
from federation import named
from federation.answering import which
from federation.handles import no_handle
from federation.own_keys import rotate
from mail.instant import DAY
from storage import attempts, federation_handles
from storage.database import Database
from storage.opening import migrate, open_database
from tests.federation.asking_world import Asker, asker, names_of

_EVERY_SECONDS = 0.005
_LOOKUPS = 500


@dataclass
class Waited:
    """The longest pause of the loop and the longest wait of a writer, in seconds."""

    loop: float = 0.0
    writer: float = 0.0


async def run(addresses: int, folder: Path) -> None:
    """All of it, in SQLite."""
    clock, url = AdvancingClock(), sqlite_url(folder)
    await migrate(url)
    async with contextlib.AsyncExitStack() as ending:
        db = await open_database(url, replace(SITE, clock=clock))
        ending.push_async_callback(db.close)
        began = time.perf_counter()
        await a_list(db, "everybody", addresses)
        sys.stdout.write(f"{addresses} addresses on a list, made in {time.perf_counter() - began:.1f} s\n")
        other = await asker(db)
        await _say("the first question of a new peer", lambda: _question(db, other), db)
        await _say("naming all for it", lambda: named.fill(db, other.peer, other.own), db)
        async with db.read() as reader:
            sys.stdout.write(f"names: {await names_of(reader, other.peer.id)}\n")
        await _say("a question after that", lambda: _question(db, other), db)
        await _say("tidying that has nothing to do", lambda: named.tidy(db), db)
        sys.stdout.write(f"looking up 20 names: {await _lookup(db, other) * 1000:.3f} ms\n")
        async with db.write() as uow:
            await rotate(uow)
        # Nothing under the keys before can be used any more.
        clock.ahead += 15 * DAY
        await _say("tidying after a change of keys", lambda: named.tidy(db), db)


async def _say(what: str, work: Callable[[], Awaitable[object]], db: Database) -> None:
    async with _watched(db) as waited:
        began = time.perf_counter()
        await work()
        taken = time.perf_counter() - began
    sys.stdout.write(
        f"{what}: {taken:.3f} s; the loop stood still for {waited.loop * 1000:.0f} ms at most, "
        f"a writer waited for {waited.writer * 1000:.0f} ms at most\n"
    )


@asynccontextmanager
async def _watched(db: Database) -> AsyncIterator[Waited]:
    waited = Waited()
    tasks = [asyncio.create_task(_tick(waited)), asyncio.create_task(_write(db, waited))]
    await asyncio.sleep(0.05)
    try:
        yield waited
    finally:
        await asyncio.sleep(0.05)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tick(waited: Waited) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_EVERY_SECONDS)
        waited.loop = max(waited.loop, time.perf_counter() - began - _EVERY_SECONDS)


async def _write(db: Database, waited: Waited) -> None:
    while True:
        began = time.perf_counter()
        async with db.write(durable=False) as uow:
            await attempts.drop_old(uow, before=0)
        waited.writer = max(waited.writer, time.perf_counter() - began)
        await asyncio.sleep(_EVERY_SECONDS)


async def _question(db: Database, other: Asker) -> None:
    addresses = [f"member{number:06}@d{number % 20}.example" for number in range(20)]
    await which(db, other.own, other.peer, [other.subject(each) for each in addresses])


async def _lookup(db: Database, other: Asker) -> float:
    """Seconds for the names of one question, of which half are somebody's."""
    known = [other.handle(f"member{number:06}@d{number % 20}.example") for number in range(10)]
    taken = []
    for _ in range(_LOOKUPS):
        wanted = [*known, *(no_handle() for _ in range(10))]
        began = time.perf_counter()
        async with db.read() as reader:
            await federation_handles.find(reader, other.peer.id, [" ".join(other.kids)], wanted)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
