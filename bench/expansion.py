"""From LMTP 250 to the first copy, and until a list of any size is wholly expanded, by a real server.

`python -m bench.expansion [--members 10000 50000 1000000] [--known nobody twice] [--database sqlite postgresql]
[--delivered] [--fresh]`. A post is given to `postroom serve` over LMTP; its mail goes to a sink that takes everything. Meanwhile another
process writes a row every 10 ms and keeps its longest wait. With `--known twice` each person is on the list with two
addresses, far apart. RSS is the server's, above what it was at rest; `--delivered` waits until everybody has a copy. `--fresh`: the tables have no
statistics yet, as in the first minute after a big import into PostgreSQL.
"""

import argparse
import asyncio
import itertools
import smtplib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, text, update

from bench._expansion_world import a_big_list
from bench._timing_sink import Tally, timing_sink
from bench._world import DOMAIN, message, opened, sqlite_url
from storage.database import Database
from storage.query import Query, param
from storage.tables.lists import robots
from storage.tables.mail import deliveries
from tests.databases import free_port, new_postgresql, postgresql_server, postgresql_template
from tests.wire.postroom import Running, served

_TOUCH = Query(update(robots).values(title=param("title")), int)
_STATISTICS = Query(text("ANALYZE"), int)
_STATE = Query(
    select(deliveries.c.expanded_to, deliveries.c.total), lambda expanded_to, total: (expanded_to, total)
)
_PATIENCE_SECONDS = 300.0


@dataclass
class Figures:
    """Seconds from LMTP 250 (`answer`: until it), and megabytes."""

    answer: float
    first: float
    expanded: float
    delivered: float | None
    total: int
    longest_wait: float
    rss: float


def _rss(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


class _OtherWriter:
    """Somebody else who writes all the while."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.longest = 0.0

    async def write(self) -> None:
        """Write until cancelled."""
        for number in itertools.count():
            began = time.monotonic()
            async with self._database.write(durable=False) as uow:
                await uow.run(_TOUCH, title=str(number))
            self.longest = max(self.longest, time.monotonic() - began)
            await asyncio.sleep(0.01)


def _post(port: int, name: str) -> tuple[float, float]:
    """Give a post; when it was begun and when 250 was heard."""
    with smtplib.LMTP("127.0.0.1", port) as door:
        door.ehlo()
        began = time.monotonic()
        door.sendmail("author@a.example", [f"{name}@{DOMAIN}"], message())
        return began, time.monotonic()


async def measured(
    database: Database, server: Running, lmtp: int, tally: Tally, *, to_the_end: bool
) -> Figures:
    """The figures of one post."""
    other, process = _OtherWriter(database), server.process.pid
    writing = asyncio.create_task(other.write())
    await asyncio.sleep(1)
    at_rest = most = _rss(process)
    other.longest = 0.0
    began, accepted = await asyncio.to_thread(_post, lmtp, "l")
    expanded, total = 0.0, 0
    while time.monotonic() - accepted < _PATIENCE_SECONDS:
        most = max(most, _rss(process))
        if not expanded:
            async with database.read() as reader:
                found = await reader.first(_STATE)
            if found is not None and found[0] is None:
                expanded, total = time.monotonic(), found[1]
        if expanded and tally.first.value and (not to_the_end or tally.recipients.value >= total):
            break
        await asyncio.sleep(0.005)
    writing.cancel()
    delivered = tally.latest.value - accepted if tally.recipients.value >= total else None
    return Figures(
        accepted - began,
        tally.first.value - accepted,
        expanded - accepted,
        delivered,
        total,
        other.longest,
        most - at_rest,
    )


async def prepared(url: str, members: int, known: str, *, is_settled: bool) -> None:
    """A database with one list; `is_settled`: with the statistics that PostgreSQL makes of a table within a minute."""
    async with opened(url) as database:
        await a_big_list(database, "l", members, known=known)
        if is_settled and database.dialect == "postgresql":
            async with database.write() as uow:
                await uow.all(_STATISTICS)


@contextmanager
def a_database(kind: str, place: Path, postgresql: str) -> Iterator[str]:
    """The URL of an empty one."""
    yield sqlite_url(place) if kind == "sqlite" else asyncio.run(new_postgresql(postgresql))


def case(url: str, place: Path, members: int, known: str, *, is_settled: bool, to_the_end: bool) -> Figures:
    """One list, one post, one server."""
    asyncio.run(prepared(url, members, known, is_settled=is_settled))

    async def go(server: Running, lmtp: int, tally: Tally) -> Figures:
        async with opened(url) as database:
            return await measured(database, server, lmtp, tally, to_the_end=to_the_end)

    lmtp = free_port()
    with (
        timing_sink(free_port()) as tally,
        served(place, smtp_port=tally.port, lmtp_port=lmtp, database_url=url) as server,
    ):
        return asyncio.run(go(server, lmtp, tally))


def row(kind: str, members: int, known: str, found: Figures) -> str:
    """One line of the table."""
    delivered = "     -  " if found.delivered is None else f"{found.delivered:6.2f} s"
    return (
        f"{kind:10} {members:9,} {known:6} 250 after {found.answer * 1e3:5.0f} ms  first copy {found.first * 1e3:5.0f} ms later"
        f"  expanded {found.expanded:6.2f} s ({found.total:,})  delivered {delivered}"
        f"  others waited {found.longest_wait * 1e3:5.0f} ms  RSS +{found.rss:4.0f} MB"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, nargs="*", default=[10_000, 50_000, 1_000_000])
    parser.add_argument("--known", nargs="*", default=["nobody", "twice"])
    parser.add_argument("--database", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--delivered", action="store_true")
    parser.add_argument("--fresh", action="store_true", help="tables that were filled a moment ago")
    chosen = parser.parse_args()
    with postgresql_server() as postgresql:
        postgresql_template(postgresql)
        for kind, members, known in itertools.product(chosen.database, chosen.members, chosen.known):
            with tempfile.TemporaryDirectory() as folder, a_database(kind, Path(folder), postgresql) as url:
                found = case(
                    url,
                    Path(folder),
                    members,
                    known,
                    is_settled=not chosen.fresh,
                    to_the_end=chosen.delivered,
                )
            print(row(kind, members, known, found), flush=True)


if __name__ == "__main__":
    main()
