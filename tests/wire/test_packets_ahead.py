"""A packet is announced with the final dot of the one before it: faster, and no promise is given up for that."""

import asyncio
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from storage import deliveries
from storage.database import Database
from storage.sqlite import SqliteDatabase, connect
from storage.tables.words import DeliveryStatus
from tests.conftest import Clock
from tests.wire.hostile_smtp import Deed, HostileServer, Mischief
from tests.wire.sink import Sink
from tests.wire.test_worker import USUAL, a_post, everybody, found, until, working

_MEMBERS = 60
_EACH = 5


@pytest.fixture
def small_packets(database: Database) -> Database:
    """The database of a server whose packets are small."""
    database.site = replace(database.site, packet_size=_EACH)
    return database


async def test_packets_of_one_delivery_follow_each_other_in_one_round_trip(small_packets: Database) -> None:
    _, delivery = await a_post(small_packets, _MEMBERS)
    async with Sink() as sink, working(small_packets, sink.port, connections=1):
        await until(small_packets, delivery)
    assert Counter(address for each in sink.taken for address in each.recipients) == dict.fromkeys(
        everybody(_MEMBERS), 1
    )
    assert len(sink.taken) == _MEMBERS // _EACH
    # An envelope that came by itself was a piece of several commands.
    assert sink.crowded <= 4


@pytest.mark.parametrize("mischief", [Mischief.DROP, "421 4.3.2 going down", "451 4.3.0 broken"], ids=str)
@pytest.mark.parametrize(("step", "before"), [("MAIL", 4), ("RCPT", 4 * _EACH + 2), ("DATA", 4), (".", 4)])
async def test_trouble_with_a_packet_that_was_announced_skips_nobody(
    small_packets: Database, clock: Clock, step: str, before: int, mischief: Mischief | str
) -> None:
    _, delivery = await a_post(small_packets, _MEMBERS)
    script: dict[str, Deed | list[Deed]] = {step: [*[USUAL[step]] * before, mischief, USUAL[step]]}
    async with (
        HostileServer(script) as server,
        working(small_packets, server.port, connections=1) as worker,
        asyncio.timeout(30),
    ):
        while (await found(small_packets, delivery)).status is not DeliveryStatus.COMPLETED:
            clock.advance(seconds=20)
            worker.wake()
            await asyncio.sleep(0.05)
    async with small_packets.read() as reader:
        (progress,) = await deliveries.progress(reader, [delivery.id])
    assert (progress.accepted, progress.failed) == (_MEMBERS, 0)
    # A packet of which one was put off is two messages in the end; in doubt is only the one whose answer got lost.
    assert server.consented <= _MEMBERS // _EACH + 1


async def test_no_further_message_ends_before_the_last_one_is_on_record(small_packets: Database) -> None:
    if not isinstance(small_packets, SqliteDatabase):
        pytest.skip("somebody else's writing holds up all commits of SQLite alone")
    small_packets.site = replace(small_packets.site, packet_size=1)
    _, delivery = await a_post(small_packets, 300)
    async with Sink() as sink, working(small_packets, sink.port, connections=1):
        await sink.wait_for(5)
        with closing(connect(small_packets.path)) as other:
            other.execute("BEGIN IMMEDIATE")
            before = len(sink.taken)
            await asyncio.sleep(0.3)
            while_nothing_is_written = len(sink.taken) - before
            other.execute("ROLLBACK")
        await until(small_packets, delivery)
    assert before < 300
    assert while_nothing_is_written <= 1
    assert len(sink.taken) == 300


async def test_a_worker_that_ends_gives_back_what_it_had_announced(small_packets: Database) -> None:
    small_packets.site = replace(small_packets.site, packet_size=1)
    _, delivery = await a_post(small_packets, 300)
    async with Sink() as sink:
        async with working(small_packets, sink.port, connections=2) as worker:
            await sink.wait_for(20)
            worker.stop.set()
        before = len(sink.taken)
        assert before < 300
        async with small_packets.read() as reader:
            (progress,) = await deliveries.progress(reader, [delivery.id])
        assert progress.accepted == before
        async with working(small_packets, sink.port):
            await until(small_packets, delivery)
    assert Counter(address for each in sink.taken for address in each.recipients) == dict.fromkeys(
        everybody(300), 1
    )
