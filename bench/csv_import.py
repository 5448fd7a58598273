"""How long a file of members takes to import, on SQLite and on PostgreSQL, against nothing but the row inserts."""

import argparse
import asyncio
import io
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from identity.actor import operator
from lists import mailing_lists
from lists.csv_import import import_members
from lists.robots import create_robot
from storage import memberships
from storage.database import Database
from storage.opening import migrate, open_database
from storage.site import Site
from storage.tables.lists import MailingList, Robot
from tests.databases import NothingInstalled, postgresql_server

SITE = Site(public_url="https://lists.example.test", secret=b"s" * 32)
CHUNK = 1_000


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    await migrate(url)
    database = await open_database(url, SITE)
    try:
        yield database
    finally:
        await database.close()


async def two_lists(database: Database) -> tuple[Robot, MailingList, MailingList]:
    nowhere = Robot(0, "", "", "", "en", "", listmasters_are_owners=True, created_at=0)
    async with database.write() as uow:
        robot = await create_robot(uow, operator(nowhere), "a.example")
        made = [
            await mailing_lists.create_list(uow, operator(robot), robot, name, name)
            for name in ("one", "two")
        ]
    return robot, made[0], made[1]


async def bare_inserts(database: Database, mlist: MailingList, rows: int) -> float:
    started = time.perf_counter()
    for start in range(0, rows, CHUNK):
        keys = [f"person{n}@d{n % 97}.example" for n in range(start, min(start + CHUNK, rows))]
        async with database.write() as uow:
            await memberships.add_many(
                uow, mlist.id, [memberships.row(address=key, address_key=key) for key in keys]
            )
    return time.perf_counter() - started


async def measured(name: str, url: str, rows: int) -> None:
    async with opened(url) as database:
        robot, bare, full = await two_lists(database)
        reference = await bare_inserts(database, bare, rows)
        file = io.BytesIO(
            b"email,display_name\n"
            + b"".join(b"person%d@d%d.example,Person %d\n" % (n, n % 97, n) for n in range(rows))
        )
        started = time.perf_counter()
        report = await import_members(database, operator(robot), full, file)
        took = time.perf_counter() - started
        # Afterwards: the import meets an empty table, where a plan that does not grow with it would show.
        reference = await bare_inserts(database, bare, rows)
    print(
        f"{name}: {report.added} members in {took:.1f} s, {report.added / took:,.0f} a second; "
        f"{took / reference:.2f} times the bare inserts ({reference:.1f} s)"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as place:
        await measured("SQLite", f"sqlite+aiosqlite:///{Path(place) / 'bench.db'}", rows)
    try:
        with postgresql_server() as server:
            await measured("PostgreSQL", f"{server}/postgres", rows)
    except NothingInstalled as reason:
        print(reason.__doc__)


if __name__ == "__main__":
    asyncio.run(main())
