"""How long an MTA waits for the milter with many lists: each message from MAIL to the last answer, and its parts.

`python -m bench.milter [--lists 1000] [--messages 2000] [--rounds 3] [--connections 8] [--rate 200]`. SQLite, messages of 4 kB, one in
five by a stranger, who is refused; connections stay open from message to message. Beside it, taking turns in the same
run, a milter at the same door that reads the whole message and only nods. The client is in this process, both milters
are in processes of their own. First messages follow one another; then they arrive at random, so many a second on average,
on so many connections, and a wait begins when the message arrives; then each connection has the next one at once.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from statistics import quantiles

import uvloop

from bench._world import DOMAIN, message, opened, sqlite_url
from identity.actor import founder, operator
from identity.ledger import prove
from identity.people import create_person
from lists.mailing_lists import create_list
from lists.robots import create_robot
from storage import memberships
from storage.database import Database
from storage.tables.words import AddressSource, Strength
from tests.databases import free_port
from tests.wire.milter_client import Mta, mta

_MEMBERS_EACH = 100
_WRITERS = 500
_POLICIES = ("private", "private", "privateoreditorkey", "public", "editorkey")


@dataclass
class Waits:
    """Milliseconds of each wait."""

    recipient: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    message: list[float] = field(default_factory=list)

    def add(self, more: "Waits") -> None:
        """Those of another round, too."""
        self.recipient += more.recipient
        self.end += more.end
        self.message += more.message


async def filled(database: Database, lists: int) -> None:
    """Lists of five policies, each with a hundred of the writers, and every writer with a proved alternate."""
    async with database.write(durable=False) as uow:
        robot = await create_robot(uow, founder(), DOMAIN)
        for number in range(_WRITERS):
            person = await create_person(uow, writer(number), proved=True, strength=Strength.MD5)
            await prove(
                uow, person.id, alternate(number), source=AddressSource.CHALLENGE, strength=Strength.MD5
            )
        for number in range(lists):
            settings = {"send": _POLICIES[number % len(_POLICIES)]}
            mlist = await create_list(uow, operator(robot), robot, f"list{number}", "A list", settings)
            names = [writer((number + n) % _WRITERS) for n in range(_MEMBERS_EACH)]
            rows = [memberships.row(address=name, address_key=name) for name in names]
            await memberships.add_many(uow, mlist.id, rows)


def writer(number: int) -> str:
    """A member's address."""
    return f"writer{number}@edu.example"


def alternate(number: int) -> str:
    """Another address of the same person."""
    return f"w.{number}@alumni.example"


@contextmanager
def milter(*what: str) -> Iterator[int]:
    """One of the milters in a process of its own; its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench._milter", *what, str(port)])
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def letters(lists: int, count: int, chance: random.Random) -> list[tuple[str, str, bytes]]:
    """Senders, recipients and messages; half of what members write comes from their alternates."""
    made = []
    for _ in range(count):
        number = chance.randrange(lists)
        member = (number + chance.randrange(_MEMBERS_EACH)) % _WRITERS
        known = chance.choice((writer, alternate))(member)
        sender = known if chance.random() < 0.8 else f"stranger{chance.randrange(10_000)}@else.example"
        recipient = f"list{number}@{DOMAIN}"
        raw = message().replace(b"author@a.example", sender.encode(), 1)
        made.append((sender, recipient, raw))
    return made


async def timed(port: int, work: list[tuple[str, str, bytes]], connections: int, rate: float = 0) -> Waits:
    """Hand the messages over on so many connections that stay open, at a rate if there is one."""
    waits, chance = Waits(), random.Random(len(work))
    gaps = (chance.expovariate(rate) if rate else 0.0 for _ in work)
    queue = iter(zip(work, accumulate(gaps), strict=True))

    async def speak(speaking: Mta, start: float) -> None:
        for (sender, recipient, raw), arrives in queue:
            await asyncio.sleep(max(0.0, start + arrives - time.perf_counter()))
            began = start + arrives if rate else time.perf_counter()
            await speaking.envelope(sender, [recipient])
            asked = time.perf_counter()
            await speaking.content(raw)
            ended = time.perf_counter()
            waits.recipient.append((asked - began) * 1e3)
            waits.end.append((ended - asked) * 1e3)
            waits.message.append((ended - began) * 1e3)

    async with AsyncExitStack() as held:
        opened_now = [await held.enter_async_context(mta(port)) for _ in range(connections)]
        start = time.perf_counter()
        await asyncio.gather(*(speak(each, start) for each in opened_now))
    return waits


def shown(name: str, waits: Waits, reference: Waits) -> str:
    """One line: the middle and the 99th percentile of each wait, and how often as long as the reference's."""
    cells = []
    for part in ("recipient", "end", "message"):
        cut, other = quantiles(getattr(waits, part), n=100), quantiles(getattr(reference, part), n=100)
        cells.append(f"{part} p50 {cut[49]:6.2f} p99 {cut[98]:6.2f} ms ({cut[98] / other[98]:5.2f} ×)")
    return f"    {name:9} " + "   ".join(cells)


async def until_open(port: int) -> None:
    """Wait for a milter to listen."""
    for _ in range(200):
        try:
            async with mta(port):
                return
        except OSError:
            await asyncio.sleep(0.05)
    raise TimeoutError


async def measured(chosen: argparse.Namespace) -> None:
    """Print both milters' waits for each way in which messages may come."""
    ways = {
        "one after the other": (1, 0),
        f"{chosen.rate} a second on {chosen.connections} connections": (chosen.connections, chosen.rate),
        f"as fast as {chosen.connections} connections can": (chosen.connections, 0),
    }
    with tempfile.TemporaryDirectory() as place:
        url = sqlite_url(Path(place))
        async with opened(url) as database:
            await filled(database, chosen.lists)
        with milter(url) as ours, milter("accept") as nodding:
            for port in (ours, nodding):
                await until_open(port)
                await timed(port, letters(chosen.lists, 200, random.Random(1)), 1)
            for name, (connections, rate) in ways.items():
                asking, only_nodding = Waits(), Waits()
                for number in range(chosen.rounds):
                    work = letters(chosen.lists, chosen.messages, random.Random(number))
                    asking.add(await timed(ours, work, connections, rate))
                    only_nodding.add(await timed(nodding, work, connections, rate))
                print(f"  {name}")
                print(shown("postroom", asking, only_nodding))
                print(shown("only nods", only_nodding, only_nodding))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lists", type=int, default=1_000)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rate", type=int, default=200)
    chosen = parser.parse_args()
    print(
        f"{chosen.lists} lists of {_MEMBERS_EACH} members, {chosen.messages} messages of 4 kB, {chosen.rounds} rounds"
    )
    uvloop.run(measured(chosen))


if __name__ == "__main__":
    main()
