"""Who was put off, and has moved to another address or left before the next try, is settled once and for all."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from delivery.control import account
from lists.merging import move_membership
from mail.address import parse_address
from storage import memberships
from storage.database import Database, UnitOfWork
from storage.tables.lists import Membership
from tests.conftest import Clock
from tests.wire.sink import Sink
from tests.wire.test_worker import a_post, everybody, until, until_pending, working

OLD, NEW = "m1@example.edu", "new@example.com"


async def _moves(uow: UnitOfWork, member: Membership) -> None:
    assert await move_membership(uow, member, parse_address(NEW)) is not None


async def _leaves(uow: UnitOfWork, member: Membership) -> None:
    assert await memberships.remove(uow, member.list_id, member.id)


@pytest.mark.parametrize("personalization", ["never", "always"])
async def test_a_member_who_moved_gets_one_copy_at_the_new_address(
    database: Database, clock: Clock, personalization: str
) -> None:
    mlist, delivery = await a_post(database, 5, personalization=personalization)
    answers = {OLD: "451 4.2.1 busy"}
    async with Sink(answers=answers) as sink, working(database, sink.port) as worker:
        await until_pending(database, delivery, 1)
        await _change(database, mlist.id, _moves)
        clock.advance(seconds=20)
        worker.wake()
        await until(database, delivery)
        times = Counter(address for each in sink.taken for address in each.recipients)
    assert times == dict.fromkeys(everybody(5) - {OLD} | {NEW}, 1)
    await _check(database, delivery.id, accepted=5)


@pytest.mark.parametrize("answer", ["451 4.2.1 busy", "550 5.1.1 gone"])
async def test_a_member_whose_new_address_has_trouble_too_waits_once(
    database: Database, clock: Clock, answer: str
) -> None:
    mlist, delivery = await a_post(database, 5)
    answers = {OLD: "451 4.2.1 busy", NEW: answer}
    async with Sink(answers=answers) as sink, working(database, sink.port) as worker:
        await until_pending(database, delivery, 1)
        await _change(database, mlist.id, _moves)
        clock.advance(seconds=20)
        worker.wake()
        if answer.startswith("4"):
            async with asyncio.timeout(20):
                while f"RCPT TO:<{NEW}>" not in sink.commands:
                    await asyncio.sleep(0.02)
            await until_pending(database, delivery, 1)
            answers.clear()
            clock.advance(seconds=120)
            worker.wake()
        await until(database, delivery)
        times = Counter(address for each in sink.taken for address in each.recipients)
    assert set(times.values()) == {1}
    failed = answer.startswith("5")
    await _check(database, delivery.id, accepted=4 if failed else 5, failed=int(failed))


@pytest.mark.parametrize("personalization", ["never", "always"])
async def test_a_member_who_left_is_skipped_and_asked_about_no_more(
    database: Database, clock: Clock, personalization: str
) -> None:
    mlist, delivery = await a_post(database, 5, personalization=personalization)
    async with Sink(answers={OLD: "451 4.2.1 busy"}) as sink, working(database, sink.port) as worker:
        await until_pending(database, delivery, 1)
        await _change(database, mlist.id, _leaves)
        clock.advance(seconds=20)
        worker.wake()
        await until(database, delivery)
    await _check(database, delivery.id, accepted=4, skipped=1)


async def _change(
    database: Database, list_id: int, change: Callable[[UnitOfWork, Membership], Awaitable[None]]
) -> None:
    async with database.write() as uow:
        member = await memberships.find(uow, list_id, OLD)
        assert member is not None
        await change(uow, member)


async def _check(
    database: Database, delivery_id: int, *, accepted: int, failed: int = 0, skipped: int = 0
) -> None:
    async with database.read() as reader:
        found = await account(reader, delivery_id)
    assert found is not None
    told = found.progress
    assert (told.accepted, told.failed, told.skipped, told.deferred) == (accepted, failed, skipped, 0)
    assert (found.adds_up, found.waiting) == (True, 0)
