"""How long 50,000 people of a real directory take to be read and to be followed, against reading them and doing nothing."""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench._world import DOMAIN, opened
from identity import syncing
from identity.actor import founder
from identity.auth_config import Entry, auth_config, set_auth_config
from identity.provider import Syncing
from identity.sync_changes import Tally
from lists.robots import create_robot
from server.logging import configure_logging
from server.settings import load_settings
from storage.database import Database
from storage.tables.lists import Robot
from tests.databases import NothingInstalled, postgresql_server
from tests.wire.slapd import PASSWORD, PEOPLE, SERVICE, Directory, directory

FILE = """
[[provider]]
key = "campus"
kind = "ldap"
vouches_for = ["example.edu"]
creates_people = true
[provider.settings]
hosts = ["127.0.0.1:{port}"]
ca_file = "{ca_file}"
bind_dn = "{bind_dn}"
bind_password = "env:BENCH_LDAP_PASSWORD"
base = "{base}"
mail = ["mail", "mailAlternateAddress"]
[provider.settings.attributes]
name = "cn"
"""


async def prepared(database: Database, server: Directory) -> tuple[Robot, Entry]:
    text = FILE.format(port=server.plain, ca_file=server.certificate, bind_dn=SERVICE, base=PEOPLE)
    async with database.write() as uow:
        robot = await create_robot(uow, founder(), DOMAIN)
        await set_auth_config(uow, robot, text)
    async with database.read() as reader:
        entry = (await auth_config(reader, robot)).entry("campus")
    assert entry is not None
    return robot, entry


async def read_only(entry: Entry) -> tuple[int, float]:
    """Everybody, and nothing is done with it."""
    provider: Any = entry.module
    reading: Syncing = provider
    started, count = time.perf_counter(), 0
    async for _ in reading.sync(entry.settings):
        count += 1
    return count, time.perf_counter() - started


async def synced(database: Database, robot: Robot, entry: Entry) -> tuple[Tally, float, float]:
    """A whole sync; what it did, how long it took, and the longest that somebody else waited for the event loop."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - before - 0.005)

    watching = asyncio.create_task(watch())
    started = time.perf_counter()
    tally = await syncing.sync(database, robot, entry)
    took = time.perf_counter() - started
    watching.cancel()
    return tally, took, longest


async def measured(name: str, url: str, server: Directory, people: int) -> None:
    async with opened(url) as database:
        robot, entry = await prepared(database, server)
        for what, change in _changes(server, people):
            change()
            count, reading = await read_only(entry)
            tally, took, stall = await synced(database, robot, entry)
            print(
                f"{name}, {what}: {count:,} entries read in {reading:.1f} s; followed in {took:.1f} s, "
                f"{took / reading:.1f} times that; {tally.created:,} new, {tally.renewed:,} as before, {tally.changed:,} changed; the loop stood still for {stall * 1000:.0f} ms at most; "
                f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at the peak"
            )


def _changes(server: Directory, people: int) -> list[tuple[str, Callable[[], None]]]:
    some = [f"uid=p{number:05},{PEOPLE}" for number in range(0, people, max(people // 500, 1))]

    def nothing() -> None:
        """As it is."""

    def alter() -> None:
        for dn in some:
            server.put(dn, mailAlternateAddress=[f"{time.time_ns()}@example.edu"])

    return [("everybody is new", nothing), ("nothing changed", nothing), (f"{len(some)} changed", alter)]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50_000)
    people = parser.parse_args().people
    configure_logging(load_settings().model_copy(update={"log_level": "warning", "log_format": "console"}))
    os.environ["BENCH_LDAP_PASSWORD"] = PASSWORD
    with tempfile.TemporaryDirectory() as place, directory(Path(place), fillers=people) as server:
        sqlite = Path(place) / "bench.db"
        await measured("SQLite", f"sqlite+aiosqlite:///{sqlite}", server, people)
        try:
            with postgresql_server() as url:
                await measured("PostgreSQL", f"{url}/postgres", server, people)
        except NothingInstalled as reason:
            print(reason.__doc__)


if __name__ == "__main__":
    asyncio.run(main())
