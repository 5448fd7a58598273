"""A copy for each recipient: announced with the final dot before it, sent only once that one is on record."""

import asyncio
from collections import Counter

import pytest

from delivery.transports.smtp import Envelope, Outgoing, SmtpConnection
from storage import deliveries, packets
from storage.database import Database
from storage.tables.words import DeliveryStatus
from tests.conftest import Clock
from tests.wire.hostile_smtp import Deed, HostileServer, Mischief
from tests.wire.sink import OFFERS, Sink
from tests.wire.test_worker import USUAL, a_post, everybody, found, until, working

DATA = b"Subject: hello\r\n\r\nhello\r\n"


def a_copy(name: str, reverse_path: str = "l-bounce@lists.example.org") -> Outgoing:
    return Outgoing(Envelope(reverse_path, [f"{name}@example.edu"]), DATA)


async def _connect(port: int) -> SmtpConnection:
    return await SmtpConnection.connect("127.0.0.1", port, hostname="lists.example.org", tls="none")


async def test_what_follows_is_announced_with_the_final_dot() -> None:
    bob, carol = a_copy("bob"), a_copy("carol")
    async with Sink() as sink:
        connection = await _connect(sink.port)
        assert (await connection.submit(bob, following=carol)).accepted
        while sink.commands[-1] != "DATA" or len(sink.commands) < 7:
            await asyncio.sleep(0.01)
        assert sink.commands[-2] == "RCPT TO:<carol@example.edu>"
        assert [taken.recipients for taken in sink.taken] == [("bob@example.edu",)]
        assert (await connection.submit(carol)).accepted
        await connection.quit()
    assert [taken.recipients for taken in sink.taken] == [("bob@example.edu",), ("carol@example.edu",)]
    assert {taken.data for taken in sink.taken} == {DATA}
    assert sink.commands[-1] == "QUIT"


async def test_a_large_body_travels_before_its_dot_may_and_what_follows_comes_with_the_dot() -> None:
    large = Outgoing(Envelope("", ["bob@example.edu"]), b"Subject: large\r\n\r\n" + b"x" * 700_000 + b"\r\n")
    carol = a_copy("carol")
    async with Sink() as sink:
        connection = await _connect(sink.port)
        committed = asyncio.get_running_loop().create_future()
        sending = asyncio.create_task(connection.submit(large, before_final_dot=committed, following=carol))
        await asyncio.sleep(0.2)
        assert sink.commands[-1] == "DATA"
        assert not sink.taken
        committed.set_result(None)
        assert (await sending).accepted
        assert (await connection.submit(carol)).accepted
        await connection.quit()
    assert [taken.data for taken in sink.taken] == [large.data, DATA]


async def test_nothing_is_announced_ahead_without_pipelining() -> None:
    bob, carol = a_copy("bob"), a_copy("carol")
    async with Sink(offers=tuple(offer for offer in OFFERS if offer != "PIPELINING")) as sink:
        connection = await _connect(sink.port)
        assert (await connection.submit(bob, following=carol)).accepted
        assert sink.commands[-2:] == ["RCPT TO:<bob@example.edu>", "DATA"]
        assert (await connection.submit(carol)).accepted
        await connection.quit()
    assert sink.crowded == 0


async def test_an_announced_message_cannot_be_exchanged_for_another() -> None:
    bob, carol, dan = a_copy("bob"), a_copy("carol"), a_copy("dan")
    async with Sink() as sink:
        connection = await _connect(sink.port)
        await connection.submit(bob, following=carol)
        assert connection.is_ready_for(carol)
        assert not connection.is_ready_for(dan)
        result = await connection.submit(dan)
        assert not result.accepted
        assert result.stale
        assert not connection.usable
    assert [taken.recipients for taken in sink.taken] == [("bob@example.edu",)]


async def test_a_peer_that_waits_for_a_body_is_left_without_a_word() -> None:
    bob, carol = a_copy("bob"), a_copy("carol")
    async with Sink() as sink:
        connection = await _connect(sink.port)
        await connection.submit(bob, following=carol)
        await connection.quit()
        await asyncio.sleep(0.05)
        assert sink.open_connections == 0
    assert "QUIT" not in sink.commands
    assert len(sink.taken) == 1


async def test_what_cannot_be_announced_whole_is_not_announced_ahead() -> None:
    bob, broken = a_copy("bob"), a_copy("carol>\r\nRCPT TO:<dan")
    async with Sink() as sink:
        connection = await _connect(sink.port)
        assert (await connection.submit(bob, following=broken)).accepted
        refused = await connection.submit(broken)
        await connection.quit()
    assert [reply.code for reply in refused.replies] == [553]
    assert sink.commands[-1] == "QUIT"
    assert len(sink.taken) == 1


@pytest.mark.parametrize("answer", ["451 4.3.0 later", "554 5.7.1 never"])
async def test_a_refused_body_leaves_what_was_announced_to_go_on(answer: str) -> None:
    bob, carol = a_copy("bob"), a_copy("carol")
    async with HostileServer({".": [answer, "250 2.0.0 taken"]}) as server:
        connection = await _connect(server.port)
        first = await connection.submit(bob, following=carol)
        second = await connection.submit(carol)
        connection.abort()
    assert [reply.code for reply in first.replies] == [int(answer[:3])]
    assert second.accepted
    assert "RSET" not in server.commands


async def test_a_connection_that_dies_after_an_answer_leaves_the_announced_copy_unsaid() -> None:
    bob, carol = a_copy("bob"), a_copy("carol")
    async with HostileServer({"MAIL": ["250 2.1.0 ok", Mischief.DROP]}) as server:
        connection = await _connect(server.port)
        assert (await connection.submit(bob, following=carol)).accepted
        second = await connection.submit(carol)
    assert second.stale
    assert server.consented == 1


@pytest.mark.parametrize(
    "mischief", [Mischief.DROP, Mischief.TWICE, "421 4.3.2 going down", "451 4.3.0 broken"], ids=str
)
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("turn", [0, 1])
async def test_trouble_with_any_copy_skips_nobody(
    database: Database, clock: Clock, turn: int, step: str, mischief: Mischief | str
) -> None:
    _, delivery = await a_post(database, 4, personalization="always")
    script: dict[str, Deed | list[Deed]] = {step: [*[USUAL[step]] * turn, mischief, USUAL[step]]}
    async with HostileServer(script) as server, working(database, server.port, connections=1) as worker:
        async with asyncio.timeout(20):
            while (await found(database, delivery)).status is not DeliveryStatus.COMPLETED:
                clock.advance(seconds=20)
                worker.wake()
                await asyncio.sleep(0.05)
    async with database.read() as reader:
        (progress,) = await deliveries.progress(reader, [delivery.id])
    assert progress.accepted == 4
    # Only a copy whose answer got lost is sent again.
    assert server.consented <= (5 if step == "." else 4)


async def test_a_connection_goes_no_further_than_one_copy_beyond_what_is_on_record(
    database: Database,
) -> None:
    _, delivery = await a_post(database, 600, personalization="always")
    async with Sink(keeps_data=False) as sink, working(database, sink.port, connections=2) as worker:
        await sink.wait_for(50)
        async with database.write() as uow:
            # Whoever holds these rows keeps the worker's reports waiting.
            held = [packet.id for packet in await packets.of_delivery(uow, delivery.id)]
            assert len(await packets.renew(uow, worker.name, uow.now + 10_000_000, held)) == 2
            on_record = (await found(database, delivery)).accepted
            await asyncio.sleep(0.3)
            beyond = len(sink.taken) - on_record
        await until(database, delivery)
    assert 0 <= beyond <= 2
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(everybody(600), 1)


async def test_a_packet_that_somebody_else_took_is_left_at_once(database: Database) -> None:
    _, delivery = await a_post(database, 400, personalization="always")
    async with Sink(keeps_data=False) as sink, working(database, sink.port, connections=1):
        await sink.wait_for(20)
        async with database.write() as uow:
            assert await packets.reclaim(uow, before=2**62) == 1
        await until(database, delivery)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert set(times) == everybody(400)
    assert sum(times.values()) <= 401
    assert sink.connections == 2


async def test_a_worker_that_lost_its_lease_still_ends_in_time(database: Database) -> None:
    _, delivery = await a_post(database, 400, personalization="always")
    async with Sink(keeps_data=False) as sink:
        async with working(database, sink.port, connections=1) as worker:
            await sink.wait_for(20)
            async with database.write() as uow:
                await packets.reclaim(uow, before=2**62)
                worker.stop.set()
        async with working(database, sink.port):
            await until(database, delivery)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert set(times) == everybody(400)
    assert sum(times.values()) <= 401
