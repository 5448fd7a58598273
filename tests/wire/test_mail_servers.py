"""Several mail servers: what one cannot take another does, connections spread, and nobody is lost when all are away."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from delivery.line import MailServer, MailServers
from delivery.servers import Use
from delivery.worker import Worker
from mail.status import Reply
from storage import deliveries
from storage.database import Database
from tests.conftest import Clock
from tests.databases import free_port
from tests.wire.hostile_smtp import HostileServer, Mischief
from tests.wire.sink import Sink
from tests.wire.test_worker import a_post, everybody, found, until

GONE = Reply(421, "4.4.1", "gone")


@asynccontextmanager
async def working(
    database: Database, *ports: int, use: Use = "in_order", connections: int = 4
) -> AsyncIterator[Worker]:
    """A worker that may hand over to any of these ports."""
    servers = MailServers([MailServer("127.0.0.1", port, tls="none") for port in ports], use=use)
    worker = Worker(database, servers, connections=connections, lease=3_000_000, is_alone=True)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop.set()
        await asyncio.wait_for(running, 10)


async def test_the_second_takes_over_at_once_when_the_first_is_not_there(sqlite: Database) -> None:
    _, delivery = await a_post(sqlite, 300)
    async with Sink() as sink, working(sqlite, free_port(), sink.port) as worker:
        await until(sqlite, delivery)
        states = {each.server.port: each for each in worker.servers.states}
        assert states[sink.port].connections > 0
    assert sum(len(each.recipients) for each in sink.taken) == 300
    async with sqlite.read() as reader:
        (progress,) = await deliveries.progress(reader, [delivery.id])
    assert (progress.accepted, progress.deferred) == (300, 0)


async def test_one_that_sends_us_away_is_left_out_and_nobody_is_lost(sqlite: Database, clock: Clock) -> None:
    _, delivery = await a_post(sqlite, 300)
    async with (
        HostileServer({"MAIL": "421 4.3.2 going down"}) as away,
        Sink() as sink,
        working(sqlite, away.port, sink.port) as worker,
    ):
        await forward(sqlite, clock, worker, delivery.id)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(everybody(300), 1)
    # Each connection that was open is told once; then it is left alone.
    assert sum(command.startswith("MAIL") for command in away.commands) <= 4


async def test_one_that_breaks_off_in_the_middle_of_a_message_is_left_out(
    sqlite: Database, clock: Clock
) -> None:
    _, delivery = await a_post(sqlite, 300)
    async with (
        HostileServer({"body": Mischief.DROP}) as broken,
        Sink() as sink,
        working(sqlite, broken.port, sink.port) as worker,
    ):
        await forward(sqlite, clock, worker, delivery.id)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(everybody(300), 1)


async def test_shared_connections_spread_over_all_of_them(sqlite: Database) -> None:
    _, delivery = await a_post(sqlite, 400, personalization="always")
    async with Sink() as one, Sink() as two, working(sqlite, one.port, two.port, use="shared") as worker:
        await until(sqlite, delivery)
        assert {each.connections for each in worker.servers.states} == {2}
    assert len(one.taken) + len(two.taken) == 400
    assert min(len(one.taken), len(two.taken)) > 0


async def test_all_being_away_delays_and_loses_nothing(sqlite: Database, clock: Clock) -> None:
    ports = free_port(), free_port()
    _, delivery = await a_post(sqlite, 250)
    async with working(sqlite, *ports) as worker:
        await asyncio.sleep(1)
        assert all(each.failures for each in worker.servers.states)
        async with Sink(port=ports[1]) as sink:
            await forward(sqlite, clock, worker, delivery.id)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(everybody(250), 1)


async def test_4xx_to_everything_delays_and_loses_nothing(sqlite: Database, clock: Clock) -> None:
    _, delivery = await a_post(sqlite, 250)
    answers = {"MAIL": "452 4.3.1 queue file system is full"}
    async with Sink(answers=answers) as sink, working(sqlite, sink.port) as worker:
        await asyncio.sleep(0.5)
        assert sink.taken == []
        answers.clear()
        await forward(sqlite, clock, worker, delivery.id)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(everybody(250), 1)


async def forward(database: Database, clock: Clock, worker: Worker, delivery_id: int) -> None:
    """Let time pass until a delivery is complete."""
    async with asyncio.timeout(60):
        while True:
            async with database.read() as reader:
                delivery = await deliveries.find(reader, delivery_id)
            assert delivery is not None
            if (await found(database, delivery)).finished_at is not None:
                return
            clock.advance(seconds=20)
            worker.wake()
            await asyncio.sleep(0.1)


def test_pauses_grow_and_one_failure_is_counted_once() -> None:
    now = 0.0
    servers = MailServers([MailServer("a", 25), MailServer("b", 25)], clock=lambda: now)
    one, two = servers.states
    waits = []
    for _ in range(9):
        servers.failed(one, GONE)
        # Other connections find out at the same moment.
        servers.failed(one, GONE)
        assert servers.candidates() == [two]
        waits.append(one.out_until - now)
        now = one.out_until
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert servers.candidates() == [one, two]
    servers.worked(one)
    assert one.failures == 0
