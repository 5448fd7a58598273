"""What recipients were answered becomes rows that add up, on both databases."""

from dataclasses import replace

import orjson
import pytest

from delivery.report import Oddity, Report, Step
from delivery.retry import SECOND, wait_after, wait_while_refused
from delivery.settling import apply, member_ids
from lists import settings
from lists.bounces import probes
from lists.bounces.tending import tend
from mail.status import Reply
from storage import bounce_scores, deliveries, expansion, lists, memberships, packets, robots
from storage.database import Database, UnitOfWork
from storage.tables.mail import Packet
from storage.tables.words import DeliveryStatus, ListStatus, RecipientState
from tests.conftest import Clock
from tests.storage.queued import a_delivery, lease

LATER = Reply(451, "4.2.1", "busy")
NEVER = Reply(550, "5.1.1", "no such user")


async def leased(uow: UnitOfWork, members: int = 3) -> Packet:
    """A delivery to so many members, its one packet leased."""
    robot = await robots.add(uow, "lists.example", "Lists")
    values = {**settings.defaults(), "message_size_limit": 10**6}
    list_id = await lists.add(uow, robot.id, "l", ListStatus.OPEN, values)
    for n in range(members):
        await memberships.add(uow, list_id, address=f"m{n}@a.example", address_key=f"m{n}@a.example")
    delivery_id = await a_delivery(uow, robot.id, list_id)
    await expansion.expand(uow, delivery_id, author_keys=[])
    (packet,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10)
    return packet


def odd(packet: Packet, place: int, reply: Reply) -> Oddity:
    state = RecipientState.DEFERRED if reply.is_temporary else RecipientState.FAILED
    return Oddity(member_ids(packet)[place], f"m{place}@a.example", state, reply)


async def test_those_put_off_stay_in_the_packet_and_come_again_later(
    database: Database, clock: Clock
) -> None:
    async with database.write() as uow:
        packet = await leased(uow)
        oddities = [odd(packet, 1, LATER), odd(packet, 2, NEVER)]
        assert await apply(uow, Report(packet, Step.SETTLE, 0, 3, 1, oddities, may_have_deferred=True))
        assert await lease(uow, "w", limit=9, leased_until=uow.now + 10) == []
    clock.advance(seconds=wait_after(1) / 1_000_000)
    async with database.write() as uow:
        (again,) = await lease(uow, "w", limit=9, leased_until=uow.now + 10)
        assert orjson.loads(again.member_ids or "") == [member_ids(packet)[1]]
        assert (again.attempts, again.position, again.recipient_count) == (1, 0, 1)
        another = [(member_ids(packet)[1], "m1@a.example")]
        assert await apply(uow, Report(again, Step.SETTLE, 0, 1, 1, again=another, may_have_deferred=True))
        await packets.count_accepted(uow, packet.delivery_id, 2)
        assert await packets.complete(uow, packet.delivery_id)
        (progress,) = await deliveries.progress(uow, [packet.delivery_id])
    assert (progress.total, progress.accepted, progress.failed, progress.deferred) == (3, 2, 1, 0)


async def test_a_hard_refusal_marks_the_member_as_bouncing(database: Database) -> None:
    async with database.write() as uow:
        packet = await leased(uow)
        assert await apply(uow, Report(packet, Step.SETTLE, 0, 3, 2, [odd(packet, 0, NEVER)]))
        members = await memberships.by_ids(uow, member_ids(packet))
    assert [member.is_bouncing for _, member in sorted(members.items())] == [True, False, False]


async def test_trying_ends_after_five_days_and_then_it_counts_as_failed(
    database: Database, clock: Clock
) -> None:
    async with database.write() as uow:
        packet = await leased(uow, members=1)
        assert await apply(
            uow, Report(packet, Step.SETTLE, 0, 1, 0, [odd(packet, 0, LATER)], may_have_deferred=True)
        )
    tries = 1
    while True:
        clock.advance(hours=5)
        async with database.write() as uow:
            found = await lease(uow, "w", limit=1, leased_until=uow.now + 10)
            if not found:
                break
            tries += 1
            report = Report(found[0], Step.SETTLE, 0, 1, 0, [odd(packet, 0, LATER)], may_have_deferred=True)
            assert await apply(uow, report)
            await packets.complete(uow, packet.delivery_id)
    async with database.read() as reader:
        (progress,) = await deliveries.progress(reader, [packet.delivery_id])
        delivery = await deliveries.find(reader, packet.delivery_id)
        (row,) = await packets.exceptions(reader, packet.delivery_id)
    assert delivery is not None
    assert delivery.status is DeliveryStatus.COMPLETED
    assert (progress.failed, progress.deferred, row.enhanced_status) == (1, 0, "5.4.7")
    assert tries == pytest.approx(24, abs=2)


async def test_a_report_about_a_packet_that_somebody_else_holds_writes_nothing(database: Database) -> None:
    async with database.write() as uow:
        packet = await leased(uow)
        await packets.reclaim(uow, before=uow.now + 100)
        await lease(uow, "other", limit=1, leased_until=uow.now + 10)
        assert not await apply(uow, Report(packet, Step.SETTLE, 0, 3, 2, [odd(packet, 0, NEVER)]))
        assert await packets.exceptions(uow, packet.delivery_id) == []


async def test_a_refusal_while_sending_counts_as_proved_and_a_wave_of_them_for_nobody(
    database: Database,
) -> None:
    async with database.write() as uow:
        packet = await leased(uow, members=12)
        assert await apply(uow, Report(packet, Step.ADVANCE, 0, 2, 1, [odd(packet, 1, NEVER)]))
        one = member_ids(packet)[1]
        found = await bounce_scores.by_ids(uow, [one])
        assert (found[one].score, found[one].proved_score, found[one].diagnostic) == (
            1000,
            1000,
            "550 no such user",
        )
        oddities = [odd(packet, place, NEVER) for place in range(2, 12)]
        assert await apply(uow, Report(packet, Step.ADVANCE, 2, 12, 0, oddities))
        after = await bounce_scores.by_ids(uow, member_ids(packet))
    assert len(after) == 11
    assert {each.score for each in after.values()} == {0}


async def test_a_probe_that_is_refused_while_sending_stops_mail(database: Database, clock: Clock) -> None:
    async with database.write() as uow:
        packet = await leased(uow)
        hurt = member_ids(packet)[0]
        await apply(uow, Report(packet, Step.SETTLE, 0, 3, 2, [odd(packet, 0, NEVER)]))
        row = (await bounce_scores.by_ids(uow, [hurt]))[hurt]
        assert await probes.send(uow, row)
        (probe,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10)
        refused = Oddity(None, "m0@a.example", RecipientState.FAILED, NEVER)
        assert await apply(uow, Report(probe, Step.SETTLE, 0, 1, 0, [refused]))
    clock.advance(hours=2)
    assert (await tend(database))["stopped"] == 1
    async with database.read() as reader:
        assert (await bounce_scores.by_ids(reader, [hurt]))[hurt].bounce_suspended_at is not None


@pytest.mark.parametrize(
    ("minutes", "by_server", "seconds"),
    [(0, True, 15), (1, True, 15), (10, True, 60), (60, True, 60), (300, True, 300), (7200, True, 900),
     (0, False, 15), (10, False, 60), (60, False, 360), (300, False, 900), (7200, False, 900)],
)  # fmt: skip
def test_whom_the_server_put_off_together_waits_no_longer_than_a_part_of_its_trouble(
    minutes: int, by_server: bool, seconds: int
) -> None:
    assert wait_while_refused(minutes * 60 * SECOND, by_server=by_server) == seconds * SECOND


async def test_everybody_put_off_at_once_is_tried_again_soon_however_often_that_was(
    database: Database, clock: Clock
) -> None:
    async with database.write() as uow:
        packet = await leased(uow)
        packet = replace(packet, attempts=7)
        oddities = [odd(packet, place, Reply(451, "4.3.0", "broken")) for place in range(3)]
        report = Report(packet, Step.SETTLE, 0, 3, 0, oddities, may_have_deferred=True, is_of_server=True)
        assert await apply(uow, report)
        (again,) = await packets.of_delivery(uow, packet.delivery_id)
    assert (again.attempts, again.due_at - clock()) == (7, 15 * SECOND)


async def test_two_full_mailboxes_wait_as_long_as_one(database: Database, clock: Clock) -> None:
    async with database.write() as uow:
        packet = replace(await leased(uow, 2), attempts=3)
        oddities = [odd(packet, place, Reply(452, "4.2.2", "full")) for place in range(2)]
        assert await apply(uow, Report(packet, Step.SETTLE, 0, 2, 0, oddities, may_have_deferred=True))
        (again,) = await packets.of_delivery(uow, packet.delivery_id)
    assert (again.attempts, again.due_at - clock()) == (4, wait_after(4))
