"""Two transactions that wait for each other: PostgreSQL undoes one of them, and it is done once more, to the same end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from delivery.ledger import Ledger
from delivery.reception import receive
from delivery.report import Oddity, Report, Step
from delivery.settling import member_ids
from identity.actor import operator
from lists.mailing_lists import create_list
from mail.status import Reply
from mail.verp import verp_address
from storage import bounce_scores, bounce_waves, bouncing, deliveries, memberships
from storage.database import Database, Undone, UnitOfWork
from storage.tables.lists import MailingList
from storage.tables.mail import Delivery
from storage.tables.words import RecipientState
from storage.undone import transacted
from tests.delivery.test_bounces import a_report
from tests.delivery.test_flow import a_list, a_message, posts_of
from tests.storage.queued import lease

HURT = "m1@example.edu"


@pytest.fixture
def writers(database: Database) -> Database:
    """A database with many writers at once."""
    if database.dialect == "sqlite":
        pytest.skip("it has one writer, who waits for nobody")
    return database


async def a_post(database: Database) -> tuple[MailingList, Delivery]:
    _, mlist = await a_list(database, members=3)
    await receive(database, "m0@example.edu", mlist.address, a_message())
    (delivery,) = await posts_of(database, mlist)
    return mlist, delivery


@asynccontextmanager
async def in_the_way(database: Database, delivery: Delivery) -> AsyncIterator[None]:
    """Somebody who holds what is known of the address, and wants the delivery's count of failures then."""
    holds = asyncio.Event()

    async def locks(uow: UnitOfWork) -> None:
        await bouncing.count(uow, HURT, "5.1.1")
        holds.set()
        # By now the other one holds the count and waits for the address.
        await asyncio.sleep(0.5)
        await bounce_waves.count(uow, delivery.list_id or 0, f"delivery {delivery.id}", "")

    with capture_logs() as told:
        task = asyncio.create_task(transacted(database, locks))
        await holds.wait()
        yield
        await task
    assert "transaction_undone" in {each["event"] for each in told}


async def failures_of(database: Database, mlist: MailingList) -> int:
    async with database.read() as reader:
        member = await memberships.find(reader, mlist.id, HURT)
        assert member is not None
        return (await bounce_scores.by_ids(reader, [member.id]))[member.id].failures


async def test_a_worker_whose_report_was_undone_writes_it_again(writers: Database) -> None:
    mlist, delivery = await a_post(writers)
    async with writers.write() as uow:
        (packet,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10**9)
    gone = Oddity(member_ids(packet)[1], HURT, RecipientState.FAILED, Reply(550, "5.1.1", "gone"))
    ledger = Ledger(writers, "w", lease=10**9)
    serving = asyncio.create_task(ledger.serve())
    async with in_the_way(writers, delivery):
        held, leased = await ledger.visit(Report(packet, Step.SETTLE, 0, 3, 2, [gone]), wants_packet=True)
    serving.cancel()
    assert (held, leased) == (True, None)
    assert await failures_of(writers, mlist) == 1
    async with writers.read() as reader:
        (progress,) = await deliveries.progress(reader, [delivery.id])
    assert (progress.accepted, progress.failed) == (2, 1)


async def test_a_bounce_whose_transaction_was_undone_is_counted_once(writers: Database) -> None:
    mlist, delivery = await a_post(writers)
    async with writers.read() as reader:
        member = await memberships.find(reader, mlist.id, HURT)
    assert member is not None
    path = verp_address(mlist.name, mlist.domain, member.id, delivery.id, writers.site.key("verp"))
    async with in_the_way(writers, delivery):
        reply = await receive(writers, "", path, a_report(recipient=HURT))
    assert reply.code == 250
    assert await failures_of(writers, mlist) == 1


async def test_bounces_of_the_same_people_in_opposite_order_are_all_counted(writers: Database) -> None:
    robot, one = await a_list(writers, "one", members=12)
    async with writers.write() as uow:
        two = await create_list(uow, operator(robot), robot, "two", "Two", {}, owners=["carol@example.edu"])
        for n in range(12):
            await memberships.add(uow, two.id, address=f"m{n}@example.edu", address_key=f"m{n}@example.edu")
    paths: list[list[tuple[str, str]]] = []
    for mlist in (one, two):
        message = a_message(message_id=f"<{mlist.name}@example.edu>")
        await receive(writers, "m0@example.edu", mlist.address, message)
        (delivery,) = await posts_of(writers, mlist)
        key = writers.site.key("verp")
        async with writers.read() as reader:
            members = [each async for each in memberships.whole_list(reader, mlist.id)]
        paths.append(
            [
                (each.address, verp_address(mlist.name, mlist.domain, each.id, delivery.id, key))
                for each in members
            ]
        )
    paths[1].reverse()
    replies = await asyncio.gather(
        *(
            receive(writers, "", path, a_report(recipient=address))
            for together in zip(*paths, strict=True)
            for address, path in together
        )
    )
    assert {reply.code for reply in replies} == {250}
    async with writers.read() as reader:
        for mlist in (one, two):
            keys = [each.id async for each in memberships.whole_list(reader, mlist.id)]
            scores = await bounce_scores.by_ids(reader, keys)
            assert [scores[key].failures for key in keys] == [1] * 12


async def test_what_is_undone_again_and_again_is_an_error_in_the_end(sqlite: Database) -> None:
    tries = 0

    async def hopeless(_uow: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        raise Undone

    with pytest.raises(Undone):
        await transacted(sqlite, hopeless)
    assert tries == 8
