"""What each act of a plan does to the processes and servers of a drill."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from redis.asyncio import Redis

from scripts.drill.counting import Mishap
from scripts.drill.mail_server import MailServer
from scripts.drill.plan import Act
from scripts.drill.posting import Author
from scripts.drill.processes import Child, Crew
from server.embedded_redis import EmbeddedRedis
from tests.databases import PostgresqlServer

_MOOD_SECONDS = 1.0
_WAIT_SECONDS = 90.0


class NobodyDelivers(Exception):
    """No worker has handed over anything for a minute and a half; the logs in the drill's directory say why."""


@dataclass
class Stage:
    """Everything that something can happen to, and the journal of what did."""

    workers: Crew
    doors: Crew
    mail: MailServer
    author: Author
    redis: EmbeddedRedis
    postgresql: PostgresqlServer | None
    lease: int
    journal: list[Mishap] = field(default_factory=list)
    frozen: set[str] = field(default_factory=set)
    beside: list[asyncio.Task[None]] = field(default_factory=list)

    def note(self, kind: str, at: float, client: str = "", until: float | None = None) -> None:
        """Write down that something happened."""
        number = 1 + sum(each.kind == kind for each in self.journal)
        self.journal.append(Mishap(kind, number, at, time.time() if until is None else until, client))

    async def at_work(self, chance: float) -> Child:
        """One of the workers that deliver just now. Raises NobodyDelivers."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            self.mail.look()
            self.workers.tend()
            found = [
                child
                for child in self.workers.members
                if child.name in self.mail.clients and child.name not in self.frozen
            ]
            if found:
                return found[int(chance * len(found))]
            await asyncio.sleep(0.02)
        raise NobodyDelivers(NobodyDelivers.__doc__)


async def perform(act: Act, stage: Stage) -> None:
    """Let one act happen; what lasts (a mood, a frozen worker) goes on beside the acts that follow."""
    if act.kind in _ACTS:
        await _ACTS[act.kind](act, stage)
    else:
        await _mood(act, stage)


async def _kill(act: Act, stage: Stage) -> None:
    child = await stage.at_work(act.chance)
    at = time.time()
    child.kill()
    stage.note(act.kind, at, child.name)
    stage.workers.tend()


async def _kill_expanding(act: Act, stage: Stage) -> None:
    stage.author.is_wanted.set()
    await _for_a_while(stage.author.was_taken)
    await asyncio.sleep(act.chance * 0.2)
    await _kill(act, stage)


async def _kill_door(act: Act, stage: Stage) -> None:
    stage.author.is_wanted.set()
    await _for_a_while(stage.author.is_handing_over)
    await asyncio.sleep(act.chance * 0.1)
    stage.doors.tend()
    at = time.time()
    stage.doors.members[0].kill()
    stage.note(act.kind, at)
    stage.doors.tend()


async def _for_a_while(event: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(event.wait(), _WAIT_SECONDS)
    except TimeoutError:
        raise NobodyDelivers("No post was taken for a minute and a half.") from None


async def _flush(act: Act, stage: Stage) -> None:
    async with Redis.from_url(stage.redis.url) as client:
        await client.flushall()
    stage.note(act.kind, time.time())


async def _kill_redis(act: Act, stage: Stage) -> None:
    if stage.redis.pid is not None:
        os.kill(stage.redis.pid, signal.SIGKILL)
    stage.note(act.kind, time.time())
    await asyncio.sleep(0.5)


async def _restart_postgresql(act: Act, stage: Stage) -> None:
    if stage.postgresql is None:
        return
    at = time.time()
    await asyncio.to_thread(stage.postgresql.stop)
    await asyncio.sleep(act.chance)
    await asyncio.to_thread(stage.postgresql.start)
    stage.note(act.kind, at)


async def _freeze(act: Act, stage: Stage) -> None:
    child = await stage.at_work(act.chance)
    stage.frozen.add(child.name)
    at = time.time()
    child.stop()
    stage.beside.append(asyncio.create_task(_thaw(act, stage, child, at)))


async def _thaw(act: Act, stage: Stage, child: Child, at: float) -> None:
    await asyncio.sleep(stage.lease * 1.4)
    stage.note(act.kind, at, child.name)
    child.go_on()
    await asyncio.sleep(1.0)
    stage.frozen.discard(child.name)


async def _mood(act: Act, stage: Stage) -> None:
    at = time.time()
    stage.mail.order(act.kind, random.Random(act.chance).choice([0.05, 0.3]))
    await asyncio.sleep(_MOOD_SECONDS * (0.3 + act.chance))
    stage.mail.order("well")
    stage.note(act.kind, at)


_ACTS: dict[str, Callable[[Act, Stage], Awaitable[None]]] = {
    "kill": _kill,
    "kill-expanding": _kill_expanding,
    "kill-door": _kill_door,
    "redis-flush": _flush,
    "redis-kill": _kill_redis,
    "postgresql": _restart_postgresql,
    "freeze": _freeze,
}
