"""A small urgent post in the middle of a large run, shared or a copy for each, with a mail server that takes its time."""

import asyncio
from pathlib import Path

import pytest

from delivery.line import MailServer
from delivery.worker import Worker
from tests.wire.processes import a_post, opened
from tests.wire.sink import Sink

CONNECTIONS = 5


@pytest.mark.parametrize("personalization", ["never", "always"])
async def test_an_urgent_post_is_next_wherever_a_connection_looks(
    tmp_path: Path, personalization: str
) -> None:
    many = [f"m{n}@d{n % 20}.example" for n in range(20_000)]
    few = {f"u{n}@urgent.example" for n in range(10)}
    async with opened(f"sqlite+aiosqlite:///{tmp_path}/x.db") as database, Sink(keeps_data=False) as sink:
        worker = Worker(
            database, MailServer("127.0.0.1", sink.port, tls="none"), connections=CONNECTIONS, is_alone=True
        )
        running = asyncio.create_task(worker.run())
        await a_post(database, "run", many, priority="9", personalization=personalization)
        worker.wake()
        await sink.wait_for(20)
        await a_post(database, "urgent", sorted(few), priority="0", personalization=personalization)
        before = len(sink.taken)
        worker.wake()
        async with asyncio.timeout(60):
            while not any(few & set(each.recipients) for each in sink.taken[before:]):
                await asyncio.sleep(0.001)
        first = next(n for n, each in enumerate(sink.taken[before:]) if few & set(each.recipients))
        worker.stop.set()
        await running
    # What each connection had in hand may come before it: one transaction, or the copies of one packet.
    assert first <= CONNECTIONS * (100 if personalization == "always" else 2)
    assert len(sink.taken) < 20_000
