"""Whether a connection goes on with the copies of its packet, on both databases; and what it made and did not send."""

import pytest

from delivery.draining import stop_queue
from delivery.ledger import Ledger
from delivery.personal import own as owns
from delivery.personal.own import Leftovers, Own
from identity.actor import founder
from storage import deliveries, queue
from storage.database import Database, UnitOfWork
from storage.queue import NEVER
from storage.tables.mail import Packet
from storage.tables.words import DeliveryStatus
from tests.conftest import Clock
from tests.delivery.test_queue_order import MINUTE, a_list, a_post


async def a_packet_in_hand(uow: UnitOfWork, priority: int = 5) -> Packet:
    """One of two packets of a list's post is leased."""
    delivery_id = await a_post(uow, await a_list(uow, "ours", 200), priority)
    found = await queue.waiting(uow)
    first = next(each for each in found if each.id == delivery_id)
    [packet] = await queue.lease(uow, first, "w", limit=1, leased_until=uow.now + MINUTE)
    return packet


async def goes_on(database: Database, packet: Packet) -> bool:
    return await Ledger(database, "w", lease=MINUTE, ageing=10 * MINUTE).goes_on(packet)


async def test_who_is_alone_goes_on(database: Database) -> None:
    async with database.write() as uow:
        packet = await a_packet_in_hand(uow)
    assert await goes_on(database, packet)


@pytest.mark.parametrize(("theirs", "expected"), [(4, False), (5, False), (6, True), (NEVER, True)])
async def test_another_list_of_the_same_rank_or_a_better_one_is_served_first(
    database: Database, theirs: int, expected: bool
) -> None:
    async with database.write() as uow:
        packet = await a_packet_in_hand(uow, 5)
        await a_post(uow, await a_list(uow, "theirs", 1), theirs)
    assert await goes_on(database, packet) is expected


@pytest.mark.parametrize(("priority", "expected"), [(5, True), (2, False)])
async def test_a_post_of_the_same_list_is_served_first_if_it_is_more_urgent(
    database: Database, priority: int, expected: bool
) -> None:
    async with database.write() as uow:
        packet = await a_packet_in_hand(uow, 5)
        delivery = await deliveries.find(uow, packet.delivery_id)
        assert delivery is not None
        assert delivery.list_id is not None
        await a_post(uow, delivery.list_id, priority)
    assert await goes_on(database, packet) is expected


async def test_a_delivery_that_was_paused_or_put_last_does_not_go_on(database: Database) -> None:
    async with database.write() as uow:
        packet = await a_packet_in_hand(uow)
        await deliveries.set_priority(uow, packet.delivery_id, NEVER)
    assert not await goes_on(database, packet)
    async with database.write() as uow:
        await deliveries.set_priority(uow, packet.delivery_id, 5)
        assert await deliveries.set_status(
            uow, packet.delivery_id, DeliveryStatus.PAUSED, allowed=("running",)
        )
    assert not await goes_on(database, packet)


async def test_nobody_goes_on_while_the_queue_is_stopped(database: Database) -> None:
    async with database.write() as uow:
        packet = await a_packet_in_hand(uow)
        await stop_queue(uow, founder(), None)
    assert not await goes_on(database, packet)


async def test_one_look_does_for_those_who_ask_at_one_moment_and_no_longer(
    database: Database, clock: Clock
) -> None:
    async with database.write() as uow:
        packet = await a_packet_in_hand(uow)
    ledger = Ledger(database, "w", lease=MINUTE, ageing=10 * MINUTE)
    assert await ledger.goes_on(packet)
    async with database.write() as uow:
        await a_post(uow, await a_list(uow, "theirs", 1), 0)
    clock.advance(seconds=1)
    assert not await ledger.goes_on(packet)


def test_a_copy_that_was_made_and_not_sent_is_taken_once_while_it_is_young(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left, copy = Leftovers(), Own("x-bounce+1@lists.example", b"")
    assert left.take(7) is None
    left.keep(7, copy)
    left.keep(8, copy)
    assert left.take(7) is copy
    assert left.take(7) is None
    monkeypatch.setattr(owns, "_LASTS_SECONDS", 0.0)
    assert left.take(8) is None
