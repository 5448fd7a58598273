"""Packets are cut, leased under a fence, and settled, on both databases."""

import re
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from storage import deliveries, expansion, memberships, packet_recipients, packets, queue
from storage.database import Database
from storage.opening import migrate
from storage.query import Query
from storage.sqlite import connect
from storage.tables.words import DeliveryStatus, RecipientState
from tests.conftest import Clock
from tests.storage.queued import MEMBER, a_delivery, a_list, lease, member


async def test_packets_hold_everybody_once_and_are_ordered_by_domain(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 250)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        assert await expansion.expand(uow, delivery_id, author_keys=[]) == 250
        cut = await packets.of_delivery(uow, delivery_id)
        ids = [key for packet in cut for key in orjson.loads(packet.member_ids or "[]")]
        addresses = await packets.addresses_of(uow, ids)
    assert [packet.recipient_count for packet in cut] == [100, 100, 50]
    assert len(set(ids)) == 250
    domains = [
        [addresses[key].partition("@")[2] for key in orjson.loads(packet.member_ids or "[]")]
        for packet in cut
    ]
    assert max(domains[0]) <= min(domains[1])


async def test_those_who_take_no_mail_now_are_left_out(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow)
        now = uow.now
        rows = [
            member(list_id, 1),
            member(list_id, 2, reception="nomail"),
            member(list_id, 3, since=now - 5, until=now + 5),
            member(list_id, 4, since=now - 5, until=now - 1),
            member(list_id, 5, since=now - 5),
            member(list_id, 6, reception="not_me"),
            member(list_id, 7, domain="me.example", reception="not_me"),
        ]
        await uow.run_many(MEMBER, rows)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=["m0007@me.example"])
        (packet,) = await packets.of_delivery(uow, delivery_id)
        found = await packets.addresses_of(uow, orjson.loads(packet.member_ids or "[]"))
    assert sorted(address[:5] for address in found.values()) == ["m0001", "m0004", "m0006"]


async def test_a_delivery_to_nobody_is_complete(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        assert await expansion.expand(uow, delivery_id, author_keys=[]) == 0
        delivery = await deliveries.find(uow, delivery_id)
    assert delivery is not None
    assert delivery.status is DeliveryStatus.COMPLETED


async def test_the_first_in_the_queue_is_read_afresh_at_each_lease(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 250)
        slow = await a_delivery(uow, robot_id, list_id, priority=7)
        await expansion.expand(uow, slow, author_keys=[])
    async with database.write() as uow:
        (first,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10)
    async with database.write() as uow:
        urgent = await a_delivery(uow, robot_id, list_id, priority=1)
        await expansion.expand(uow, urgent, author_keys=[])
        never = await a_delivery(uow, robot_id, list_id, priority=queue.NEVER)
        await expansion.expand(uow, never, author_keys=[])
    leased = []
    async with database.write() as uow:
        while found := await lease(uow, "w", limit=2, leased_until=uow.now + 10):
            leased.append([packet.delivery_id for packet in found])
    assert first.delivery_id == slow
    assert leased == [[urgent, urgent], [urgent], [slow, slow]]


async def test_what_a_dying_database_lost_is_not_written_over(database: Database) -> None:
    """PostgreSQL may lose its last commits when it dies, and the connection that wrote them goes on: what was in them would be lost."""
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, uow.site.packet_size + 3)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[])
        one, two = await lease(uow, "worker", limit=2, leased_until=uow.now + 10)
        assert await packets.advance(uow, one, 0, 1)
    async with database.write() as uow:
        # The report on the first copy of the second one is lost.
        assert await packets.advance_many(uow, [(one, 1, 2), (two, 1, 2)]) == {one.id}
        assert not await packets.advance(uow, two, 1, 2)
        assert not await packets.finish(uow, two, 2)
        assert await packets.finish_many(uow, [(one, 2), (two, 2)]) == {one.id}
        left = {each.id: each.position for each in await packets.of_delivery(uow, delivery_id)}
    assert left[two.id] == 0


class _DatabaseDied(Exception):
    """And with it what it had not written yet."""


async def test_a_lease_that_a_dying_database_lost_gives_its_holder_no_right_to_the_next_one(
    database: Database, clock: Clock
) -> None:
    """Whoever held the lost lease would else give back, or move on, what somebody else is sending by now."""
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 3)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[])
    with pytest.raises(_DatabaseDied):
        async with database.write() as uow:
            (lost,) = await lease(uow, "worker", limit=1, leased_until=uow.now + 10)
            raise _DatabaseDied
    clock.advance(seconds=0.5)
    async with database.write() as uow:
        (held,) = await lease(uow, "worker", limit=1, leased_until=uow.now + 10)
        assert held.id == lost.id
        assert not await packets.release(uow, lost, due_at=uow.now)
        assert not await packets.advance(uow, lost, 0, 1)
        assert not await packets.finish(uow, lost, 0)
        assert await packets.advance_many(uow, [(lost, 0, 1), (lost, 0, 2)]) == set()
        assert not await packets.narrow(uow, lost, member_ids="[]", count=0, position=0)
        assert await packets.advance(uow, held, 0, 1)


async def test_no_more_are_leased_than_were_wanted_however_postgresql_plans(database: Database) -> None:
    """A subquery that locks rows and stands in a loop takes a further row each time that it is run."""
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 10 * uow.site.packet_size)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[])
        if database.dialect == "postgresql":
            for way in ("hashagg", "hashjoin", "mergejoin", "sort", "material"):
                await uow.connection.execute(f"SET LOCAL enable_{way} = off")  # type: ignore[attr-defined]
        first = await lease(uow, "worker", limit=1, leased_until=uow.now + 10)
        three = await lease(uow, "worker", limit=3, leased_until=uow.now + 10)
    assert (len(first), len(three)) == (1, 3)


async def test_a_worker_that_wakes_up_late_cannot_write(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 3)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[])
        (late,) = await lease(uow, "late", limit=1, leased_until=uow.now + 10)
        assert await packets.reclaim(uow, before=uow.now + 11) == 1
        (fresh,) = await lease(uow, "fresh", limit=1, leased_until=uow.now + 10)
        assert late.id == fresh.id
        assert late.fence < fresh.fence
        assert not await packets.advance(uow, late, 0, 2)
        assert await packets.advance_many(uow, [(late, 0, 1)]) == set()
        assert await packets.advance_many(uow, [(fresh, 0, 1)]) == {fresh.id}
        assert not await packets.finish(uow, late, 1)
        assert await packets.finish(uow, fresh, 1)
        await packets.count_accepted(uow, delivery_id, 3)
        assert await packets.complete(uow, delivery_id)
        (progress,) = await deliveries.progress(uow, [delivery_id])
    assert (progress.total, progress.accepted, progress.pending) == (3, 3, 0)


async def test_odd_answers_are_kept_once_for_each_recipient_and_add_up(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 5)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[])
        (packet,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10)
        ids = orjson.loads(packet.member_ids or "[]")
        for code, state in (
            (451, RecipientState.DEFERRED),
            (452, RecipientState.DEFERRED),
            (550, RecipientState.FAILED),
        ):
            key = ids[1] if code == 550 else ids[0]
            await packets.record_exception(
                uow,
                delivery_id,
                membership_id=key,
                address=f"a{key}",
                state=state,
                code=code,
                enhanced="",
                words="no",
            )
        await packets.count_accepted(uow, delivery_id, 3)
        assert await packets.deferred_among(uow, delivery_id, ids) == [(ids[0], f"a{ids[0]}")]
        assert await packets.shrink(
            uow, packet, member_ids=orjson.dumps([ids[0]]).decode(), count=1, due_at=uow.now + 5, attempts=1
        )
        assert await lease(uow, "w", limit=1, leased_until=uow.now + 10) == []
        assert not await packets.complete(uow, delivery_id)
        (progress,) = await deliveries.progress(uow, [delivery_id])
        rows = await packets.exceptions(uow, delivery_id)
    assert (progress.accepted, progress.deferred, progress.failed, progress.pending) == (3, 1, 1, 0)
    assert [(row.attempts, row.reply_code) for row in rows] == [(2, 452), (1, 550)]


async def test_a_delivery_that_two_workers_left_open_together_is_closed_by_the_sweep(
    database: Database,
) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 150)
        done = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, done, author_keys=[])
        for packet in await lease(uow, "w", limit=2, leased_until=uow.now + 10):
            assert await packets.finish(uow, packet, packet.position)
        waiting = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, waiting, author_keys=[])
        assert await packets.complete_all(uow) == 1
        found = [await deliveries.find(uow, key) for key in (done, waiting)]
        states = {each.id: each.status for each in found if each}
    assert states == {done: DeliveryStatus.COMPLETED, waiting: DeliveryStatus.QUEUED}


async def test_addresses_come_in_the_packets_own_order(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 120)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[])
        first, second = await lease(uow, "w", limit=2, leased_until=uow.now + 10)
        ids = orjson.loads(first.member_ids or "[]")[::-1]
        gone = ids[7]
        addresses = await packets.addresses_of(uow, ids)
        await memberships.remove(uow, list_id, gone)
        text = orjson.dumps(ids).decode()
        await packets.shrink(uow, first, member_ids=text, count=len(ids), due_at=uow.now, attempts=1)
        (again,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10)
        found = await packet_recipients.addresses(uow, [again, second])
    assert found[again.id] == ["" if key == gone else addresses[key] for key in ids]
    assert len(found[second.id]) == second.recipient_count


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (queue._waiting(some_are_held=False), "ix_deliveries_open"),
        (queue._waiting(some_are_held=True), "ix_packets_waiting"),
        (queue._lease(some_are_held=False), "ix_packets_waiting"),
        (packets._RECLAIM, "ix_packets_leased"),
        (packets._COMPLETE, "ix_packets_leased"),
        (packets._OLDEST_WAITING, "ix_packets_waiting"),
    ],
)
async def test_what_is_done_is_not_read_again(query: Query[object], index: str, tmp_path: Path) -> None:
    await migrate(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    sql = query.compiled("sqlite").sql
    with closing(connect(tmp_path / "x.db")) as connection:
        values = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    assert any(index in row[3] for row in plan)
    assert not any(re.match(r"SCAN (packets|deliveries)$", row[3]) for row in plan)
