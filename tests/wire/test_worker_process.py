"""The worker as a process: it ends at once whatever the mail server does, and what it slept through it does not repeat."""

import asyncio
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from delivery.control import account
from storage import deliveries, nodes, packets
from storage.database import Database
from storage.tables.mail import Delivery
from storage.tables.words import DeliveryStatus
from tests.databases import new_postgresql
from tests.wire.hostile_smtp import HostileServer, Mischief
from tests.wire.processes import a_post, opened, worker_process
from tests.wire.sink import Sink


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database of this test's own, by its URL."""
    return f"sqlite+aiosqlite:///{tmp_path}/postroom.db"


async def until(database: Database, delivery: Delivery, seconds: float = 60) -> None:
    """Wait until a delivery is complete."""
    async with asyncio.timeout(seconds):
        while True:
            async with database.read() as reader:
                found = await deliveries.find(reader, delivery.id)
            if found is not None and found.status is DeliveryStatus.COMPLETED:
                return
            await asyncio.sleep(0.05)


async def some(database: Database, delivery: Delivery, count: int) -> None:
    """Wait until so many were accepted."""
    async with asyncio.timeout(60):
        while True:
            async with database.read() as reader:
                found = await deliveries.find(reader, delivery.id)
            if found is not None and found.accepted >= count:
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("personalization", ["never", "always"])
async def test_a_worker_told_to_end_in_the_middle_of_many_ends_within_two_seconds(
    url: str, tmp_path: Path, personalization: str
) -> None:
    addresses = [f"m{n}@d{n % 20}.example" for n in range(20_000)]
    async with opened(url) as database, Sink(keeps_data=False) as sink:
        delivery = await a_post(database, "big", addresses, personalization=personalization)
        with worker_process(url, tmp_path / "one", sink.port) as worker:
            await some(database, delivery, 500)
            began = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(worker.wait, 10)
            assert time.monotonic() - began < 2
        assert code == 0
        async with database.read() as reader:
            half = await account(reader, delivery.id)
            states = await packets.count_by_state(reader)
        assert half is not None
        assert half.adds_up
        assert half.progress.accepted < 20_000
        assert "leased" not in states
        taken = Counter(address for each in sink.taken for address in each.recipients)
        assert len(taken) == half.progress.accepted
        with worker_process(url, tmp_path / "two", sink.port):
            await until(database, delivery, 120)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(addresses, 1)


async def test_a_worker_ends_within_two_seconds_in_the_middle_of_a_hundred_thousand(
    url: str, tmp_path: Path
) -> None:
    addresses = [f"m{n}@d{n % 20}.example" for n in range(100_000)]
    async with opened(url) as database, Sink(keeps_data=False) as sink:
        delivery = await a_post(database, "big", addresses, personalization="always")
        with worker_process(url, tmp_path / "one", sink.port) as worker:
            await some(database, delivery, 1_000)
            began = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.wait, 10) == 0
            assert time.monotonic() - began < 2
        async with database.read() as reader:
            half = await account(reader, delivery.id)
            states = await packets.count_by_state(reader)
    assert half is not None
    assert (half.adds_up, "leased" in states) == (True, False)
    taken = Counter(address for each in sink.taken for address in each.recipients)
    assert len(taken) == half.progress.accepted < 100_000
    assert set(taken.values()) == {1}


@pytest.mark.parametrize("personalization", ["never", "always"])
@pytest.mark.parametrize("step", ["connect", ".", "DATA"])
async def test_a_mail_server_that_falls_silent_does_not_keep_a_worker_from_ending(
    url: str, tmp_path: Path, personalization: str, step: str
) -> None:
    addresses = [f"m{n}@d{n % 20}.example" for n in range(500)]
    async with opened(url) as database, HostileServer({step: Mischief.HANG}) as server:
        delivery = await a_post(database, "big", addresses, personalization=personalization)
        with worker_process(url, tmp_path / "one", server.port) as worker:
            async with asyncio.timeout(30):
                while not (server.commands or (step == "connect" and await _is_registered(database))):
                    await asyncio.sleep(0.05)
            await asyncio.sleep(1.0)
            began = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(worker.wait, 10) == 0
            assert time.monotonic() - began < 2
        async with database.read() as reader:
            states = await packets.count_by_state(reader)
            assert await nodes.every(reader) == []
        assert "leased" not in states
        async with Sink() as sink:
            with worker_process(url, tmp_path / "two", sink.port):
                await until(database, delivery)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(addresses, 1)


@pytest.mark.system
@pytest.mark.parametrize("personalization", ["never", "always"])
async def test_a_worker_frozen_past_its_lease_sends_nothing_more_than_what_was_in_flight(
    postgresql: str, tmp_path: Path, personalization: str
) -> None:
    database_url = await new_postgresql(postgresql)
    addresses = [f"m{n}@d{n % 20}.example" for n in range(3_000)]
    async with opened(database_url) as database, Sink(keeps_data=False) as one, Sink(keeps_data=False) as two:
        delivery = await a_post(database, "big", addresses, personalization=personalization)
        few = {"worker_lease": "1", "worker_connections": "2"}
        with worker_process(database_url, tmp_path / "one", one.port, **few) as frozen:
            await some(database, delivery, 200)
            frozen.send_signal(signal.SIGSTOP)
            await asyncio.sleep(0.2)
            before = len(one.taken)
            on_record = await _accepted(database, delivery)
            with worker_process(database_url, tmp_path / "two", two.port, **few):
                await until(database, delivery)
                frozen.send_signal(signal.SIGCONT)
                await asyncio.sleep(3)
                async with database.read() as reader:
                    found = await account(reader, delivery.id)
                    roles = [node.role for node in await nodes.every(reader)]
        # Two transactions at most were in flight when it froze.
        assert len(one.taken) - before <= 2
    assert found is not None
    assert (found.adds_up, found.progress.accepted) == (True, 3_000)
    assert on_record < 3_000
    assert roles == ["worker", "worker"]
    times = Counter(address for each in (*one.taken, *two.taken) for address in each.recipients)
    assert set(times) == set(addresses)
    again = sum(times.values()) - 3_000
    assert again <= 2 * 2 * (1 if personalization == "always" else 100)


async def _is_registered(database: Database) -> bool:
    async with database.read() as reader:
        return bool(await nodes.every(reader))


async def _accepted(database: Database, delivery: Delivery) -> int:
    async with database.read() as reader:
        found = await deliveries.find(reader, delivery.id)
    assert found is not None
    return found.accepted
