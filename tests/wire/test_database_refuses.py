"""A database that takes nothing for a while, as with a full disk: what was sent meanwhile is kept in mind, and nobody is sent it twice."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from delivery.control import account
from storage.database import Database
from storage.sqlite import SqliteDatabase
from tests.conftest import Clock
from tests.wire.sink import Sink
from tests.wire.test_worker import a_post, everybody, until, working


@contextmanager
def full_disk(database: Database) -> Iterator[None]:
    """Until the end of the block no packet can be moved on."""
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, isolation_level=None, timeout=20)) as connection:
        connection.execute(
            "CREATE TRIGGER full_disk BEFORE UPDATE ON packets"
            " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        try:
            yield
        finally:
            connection.execute("DROP TRIGGER full_disk")


@pytest.mark.parametrize("personalization", ["never", "always"])
async def test_what_was_taken_while_the_disk_was_full_is_not_sent_again(
    sqlite: Database, clock: Clock, personalization: str
) -> None:
    members = 300
    _, delivery = await a_post(sqlite, members, personalization=personalization)
    async with Sink() as sink, working(sqlite, sink.port) as worker:
        await sink.wait_for(1)
        with full_disk(sqlite):
            await asyncio.sleep(1.5)
        # What could be written down by now; then what was laid aside is due.
        await asyncio.sleep(1.5)
        clock.advance(seconds=5)
        worker.wake()
        await until(sqlite, delivery)
        times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(everybody(members), 1)
    async with sqlite.read() as reader:
        found = await account(reader, delivery.id)
    assert found is not None
    assert (found.adds_up, found.progress.accepted) == (True, members)
