"""The worker delivers over real sockets: everybody once, whatever the mail server does, on both databases."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from delivery.control import account, pause, resume
from delivery.line import MailServer
from delivery.reception import receive
from delivery.worker import Worker
from identity.actor import operator
from mail.message import parse_message
from storage import deliveries, memberships, packets, robots
from storage.database import Database
from storage.outgoing_many import enqueue_for_members
from storage.tables.lists import MailingList
from storage.tables.mail import Delivery
from storage.tables.words import DeliveryStatus
from tests.conftest import Clock
from tests.databases import free_port
from tests.delivery.test_flow import a_list, a_message, posts_of
from tests.wire.hostile_smtp import Deed, HostileServer, Mischief
from tests.wire.sink import Sink


@asynccontextmanager
async def working(
    database: Database, port: int, *, connections: int = 4, lease: int = 3_000_000
) -> AsyncIterator[Worker]:
    """A worker that hands over to a port; stopped politely in the end."""
    server = MailServer("127.0.0.1", port, tls="none")
    worker = Worker(database, server, connections=connections, lease=lease, is_alone=True)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop.set()
        await asyncio.wait_for(running, 10)


async def a_post(database: Database, members: int, **settings: str) -> tuple[MailingList, Delivery]:
    """A list with so many members, and a post of the first on its way."""
    _, mlist = await a_list(database, members=members, **settings)
    await receive(database, "m0@example.edu", mlist.address, a_message())
    (delivery,) = await posts_of(database, mlist)
    return mlist, delivery


async def until(
    database: Database, delivery: Delivery, status: DeliveryStatus = DeliveryStatus.COMPLETED
) -> Delivery:
    """Wait for a delivery's status."""
    async with asyncio.timeout(20):
        while True:
            async with database.read() as reader:
                found = await deliveries.find(reader, delivery.id)
            assert found is not None
            if found.status is status:
                return found
            await asyncio.sleep(0.02)


def everybody(members: int) -> set[str]:
    return {f"m{n}@example.edu" for n in range(members)}


async def test_a_shared_copy_reaches_every_member_once(database: Database) -> None:
    _, delivery = await a_post(database, 250)
    async with Sink() as sink, working(database, sink.port):
        await until(database, delivery)
        times = Counter(address for each in sink.taken for address in each.recipients)
    assert set(times) == everybody(250)
    assert set(times.values()) == {1}
    assert len(sink.taken) == 3
    async with database.read() as reader:
        found = await account(reader, delivery.id)
    assert found is not None
    assert found.adds_up
    assert (found.progress.accepted, found.waiting) == (250, 0)


async def test_own_copies_carry_own_one_click_links_and_own_reverse_paths(database: Database) -> None:
    _, delivery = await a_post(database, 30, personalization="always")
    async with Sink() as sink, working(database, sink.port):
        await until(database, delivery)
    assert Counter(address for each in sink.taken for address in each.recipients) == dict.fromkeys(
        everybody(30), 1
    )
    copies = [parse_message(each.data) for each in sink.taken]
    links = {copy.first("List-Unsubscribe") for copy in copies}
    assert len(links) == len({each.reverse_path for each in sink.taken}) == 30
    assert all("https://lists.example.test/u/" in (link or "") for link in links)
    assert {copy.first("List-Unsubscribe-Post") for copy in copies} == {"List-Unsubscribe=One-Click"}
    assert {copy.count("List-Unsubscribe") for copy in copies} == {1}
    assert {copy.body for copy in copies} == {parse_message(a_message()).body}


@pytest.mark.parametrize("personalization", ["never", "always"])
async def test_each_recipients_answer_is_its_own(
    database: Database, clock: Clock, personalization: str
) -> None:
    _, delivery = await a_post(database, 5, personalization=personalization)
    answers = {"m1@example.edu": "451 4.2.1 busy", "m2@example.edu": "550 5.1.1 gone"}
    async with Sink(answers=answers) as sink, working(database, sink.port) as worker:
        await until_pending(database, delivery, 1)
        answers.pop("m1@example.edu")
        clock.advance(seconds=20)
        worker.wake()
        await until(database, delivery)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(everybody(5) - {"m2@example.edu"}, 1)
    async with database.read() as reader:
        (progress,) = await deliveries.progress(reader, [delivery.id])
        (row,) = await packets.exceptions(reader, delivery.id)
    assert (progress.accepted, progress.failed, progress.deferred) == (4, 1, 0)
    assert (row.address, row.reply_code, row.enhanced_status) == ("m2@example.edu", 550, "5.1.1")


async def until_pending(database: Database, delivery: Delivery, waiting: int) -> None:
    """Wait until only so many recipients are left, for a later try."""
    async with asyncio.timeout(20):
        while True:
            async with database.read() as reader:
                found = await account(reader, delivery.id)
                states = await packets.count_by_state(reader)
            if found and found.waiting == waiting and "leased" not in states:
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("mischief", [Mischief.DROP, "421 4.3.2 going down", "451 4.3.0 broken"], ids=str)
@pytest.mark.parametrize("step", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "body", "."])
async def test_trouble_at_any_step_skips_nobody(
    database: Database, clock: Clock, step: str, mischief: Mischief | str
) -> None:
    _, delivery = await a_post(database, 3)
    script: dict[str, Deed | list[Deed]] = {step: [mischief, USUAL[step]] if step in USUAL else mischief}
    async with HostileServer(script) as server, working(database, server.port, connections=1) as worker:
        async with asyncio.timeout(20):
            while (await found(database, delivery)).status is not DeliveryStatus.COMPLETED:
                clock.advance(seconds=20)
                worker.wake()
                await asyncio.sleep(0.05)
                if "DATA" in server.commands:
                    # In the middle of a body there is no usual thing to say.
                    script.pop("body", None)
    async with database.read() as reader:
        (progress,) = await deliveries.progress(reader, [delivery.id])
    assert progress.accepted == 3
    # In doubt only where the message was said yes to and the answer got lost.
    assert server.consented <= 2


USUAL = {
    "connect": "220 hostile",
    "EHLO": "250 hostile",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    ".": "250 2.0.0 taken",
}


async def found(database: Database, delivery: Delivery) -> Delivery:
    async with database.read() as reader:
        one = await deliveries.find(reader, delivery.id)
    assert one is not None
    return one


async def test_who_left_before_their_turn_is_skipped_and_counted(database: Database) -> None:
    mlist, delivery = await a_post(database, 4)
    async with database.write() as uow:
        gone = await memberships.find(uow, mlist.id, "m2@example.edu")
        assert gone is not None
        await memberships.remove(uow, mlist.id, gone.id)
    async with Sink() as sink, working(database, sink.port):
        await until(database, delivery)
    assert {address for each in sink.taken for address in each.recipients} == everybody(4) - {
        "m2@example.edu"
    }
    async with database.read() as reader:
        (progress,) = await deliveries.progress(reader, [delivery.id])
    assert (progress.accepted, progress.skipped) == (3, 1)


async def test_a_paused_delivery_sends_nothing_until_it_is_resumed(database: Database) -> None:
    _, delivery = await a_post(database, 4)
    async with database.read() as reader:
        robot = (await robots.every(reader))[0]
    async with database.write() as uow:
        await pause(uow, operator(robot), delivery)
    async with Sink() as sink, working(database, sink.port) as worker:
        worker.wake()
        await asyncio.sleep(0.3)
        assert sink.taken == []
        async with database.write() as uow:
            await resume(uow, operator(robot), delivery)
        worker.wake()
        await until(database, delivery)
        assert len(sink.taken) == 1


async def test_an_unreachable_mail_server_delays_and_loses_nothing(database: Database, clock: Clock) -> None:
    port = free_port()
    _, delivery = await a_post(database, 4)
    async with working(database, port, connections=1) as worker:
        await asyncio.sleep(0.3)
        async with Sink(port=port) as sink:
            async with asyncio.timeout(20):
                while (await found(database, delivery)).status is not DeliveryStatus.COMPLETED:
                    clock.advance(seconds=5)
                    worker.wake()
                    await asyncio.sleep(0.05)
            assert len(sink.taken) == 1


async def test_the_worker_ends_within_two_seconds_in_the_middle_of_many(database: Database) -> None:
    _, delivery = await a_post(database, 2_000, personalization="always")
    async with Sink(keeps_data=False) as sink:
        async with working(database, sink.port) as worker:
            await sink.wait_for(50)
            worker.stop.set()
            started = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - started < 2
        before = len(sink.taken)
        assert before < 2_000
        async with database.read() as reader:
            half = await account(reader, delivery.id)
        assert half is not None
        assert half.progress.accepted == before
        async with working(database, sink.port) as worker:
            await until(database, delivery)
    times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(everybody(2_000), 1)


async def test_no_secret_of_a_mailed_ticket_stays_behind_once_it_is_delivered(database: Database) -> None:
    _, mlist = await a_list(database, send="editorkey")
    await receive(database, "x@example.net", mlist.address, a_message("x@example.net"))
    async with Sink() as sink, working(database, sink.port):
        await sink.wait_for(1)
    assert b"/t/" in sink.taken[0].data
    async with database.read() as reader:
        assert await deliveries.outgoing(reader, 1) is None


async def test_a_mail_of_ours_for_many_members_is_shared_like_a_post(database: Database) -> None:
    robot, mlist = await a_list(database, members=120)
    async with database.write() as uow:
        members = [each.id async for each in memberships.whole_list(uow, mlist.id)]
        number = await enqueue_for_members(
            uow,
            robot_id=robot.id,
            list_id=mlist.id,
            member_ids=members,
            outgoing=a_message(),
            reverse_path="",
            subject="Welcome",
            message_id="<1@example.edu>",
        )
    async with Sink() as sink, working(database, sink.port):
        async with asyncio.timeout(20):
            while sum(len(each.recipients) for each in sink.taken) < 120:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
    assert Counter(address for each in sink.taken for address in each.recipients) == dict.fromkeys(
        everybody(120), 1
    )
    async with database.read() as reader:
        done = await deliveries.find(reader, number)
    assert done is not None
    assert done.status is DeliveryStatus.COMPLETED
