"""Expansion: chunks of any size give what the whole list gives, whatever changes in between, and everybody one copy."""

import asyncio
from collections import Counter

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from delivery import control
from delivery.expanding import expand_all
from storage import addressed, deliveries, expansion, packets, takers
from storage.database import Database, Reader, one
from storage.postgres import PostgresReader
from storage.query import Query, param
from storage.sqlite import SqliteReader
from storage.tables import lists
from storage.tables.expansion import decided_members, expansions
from storage.tables.words import DeliveryStatus, Personalization
from storage.takers import Taker
from tests.storage.holdings import MEMBERS, Member, build, expected, skipped, takes
from tests.storage.queued import LIST, MEMBER, ROBOT, a_delivery, a_list, lease, member

ROBUST = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FOUR = st.lists(st.booleans(), min_size=4, max_size=4)
PREFER = Query(
    update(lists.memberships).where(lists.memberships.c.id == param("id")).values(is_preferred=param("yes")),
    int,
)
MOVE = Query(
    update(lists.memberships)
    .where(lists.memberships.c.id == param("id"))
    .values(address=param("key"), address_key=param("key"), domain=param("domain")),
    int,
)
LEAVE = Query(delete(lists.memberships).where(lists.memberships.c.id == param("id")), int)
WALKS = [["SCAN", table] for table in ("m", "a", "d", "p", "memberships", "decided_members")]
EXPANDING = Query(select(expansions.c.delivery_id), int)
DECIDED = Query(select(decided_members.c.membership_id), int)
SAMPLE = Query(
    update(lists.lists).where(lists.lists.c.id == param("id")).values(verp_every=param("every")), int
)


async def got(reader: Reader, delivery_id: int) -> list[int]:
    cut = await packets.of_delivery(reader, delivery_id)
    assert [each.seq for each in sorted(cut, key=lambda each: each.seq)] == list(range(len(cut)))
    for each in cut:
        assert each.recipient_count == len(orjson.loads(each.member_ids or "[]"))
    return [number for each in cut for number in orjson.loads(each.member_ids or "[]")]


async def chunks(database: Database, size: int) -> int:
    """Expand all there is in chunks of a size; how many there were."""
    count = 0
    while True:
        async with database.write(durable=False) as uow:
            if not await expansion.expand_more(uow, chunk=size):
                return count
        count += 1


@ROBUST
@given(shape=MEMBERS, copies=FOUR, skip=FOUR, size=st.integers(1, 7))
async def test_chunks_of_any_size_give_what_the_whole_list_gives(
    database: Database, shape: list[Member], copies: list[bool], skip: list[bool], size: int
) -> None:
    world = await build(database, shape, copies, skip)
    async with database.write() as uow:
        at_once = await a_delivery(uow, world.robot_id, world.list_id)
        in_chunks = await a_delivery(uow, world.robot_id, world.list_id)
        holders = await addressed.holders(uow, world.robot_id, world.named)
        found = await addressed.skipping(
            uow, world.list_id, world.robot_id, keys=world.named, people={*holders.values()}
        )
        assert found == sorted(skipped(world))
        total = await expansion.expand(uow, at_once, author_keys=world.author_keys, addressed=found)
        await expansion.expand(
            uow, in_chunks, author_keys=world.author_keys, addressed=found, whole=0, chunk=size
        )
    await chunks(database, size)
    wanted = expected(world, copies)
    async with database.read() as reader:
        whole, pieces = await got(reader, at_once), await got(reader, in_chunks)
        delivery = await deliveries.find(reader, in_chunks)
        leavings = await reader.all(EXPANDING) + await reader.all(DECIDED)
    assert sorted(whole) == sorted(wanted)
    assert sorted(pieces) == sorted(wanted)
    assert delivery is not None
    assert (total, delivery.total, delivery.expanded_to) == (len(wanted), len(wanted), None)
    assert (delivery.status is DeliveryStatus.COMPLETED) == (not wanted)
    assert leavings == []


@ROBUST
@given(
    shape=MEMBERS,
    size=st.integers(1, 5),
    changes=st.lists(
        st.tuples(st.sampled_from(["prefer", "move", "leave", "join"]), st.integers(0, 15)), max_size=12
    ),
)
async def test_what_changes_between_two_chunks_brings_nobody_two_copies_or_none(
    database: Database, shape: list[Member], size: int, changes: list[tuple[str, int]]
) -> None:
    world = await build(database, shape, [False] * 4)
    async with database.write() as uow:
        delivery_id = await a_delivery(uow, world.robot_id, world.list_id)
        await expansion.expand(uow, delivery_id, author_keys=[], whole=0, chunk=size)
    numbers, left, joined = list(world.members), set[int](), 0
    for what, place in changes:
        chosen = numbers[place % len(numbers)]
        async with database.write() as uow:
            match what:
                case "prefer":
                    yes = not world.members[chosen].is_preferred
                    await uow.run(PREFER, id=chosen, yes=yes)
                # An address that changes keeps its number; whose is what the membership says.
                case "move" if world.members[chosen].by_itself is not None:
                    await uow.run(
                        MOVE, id=chosen, key=f"{delivery_id}-{place}@moved.example", domain="moved.example"
                    )
                case "leave" if world.holders[chosen] is None:
                    await uow.run(LEAVE, id=chosen)
                    left.add(chosen)
                case "join":
                    joined += 1
                    new = member(world.list_id, joined, domain=f"new{delivery_id}.example")
                    await uow.run(MEMBER, **new)
        async with database.write() as uow:
            await expansion.expand_more(uow, chunk=size)
    await chunks(database, size)
    async with database.read() as reader:
        found = await got(reader, delivery_id)
        delivery = await deliveries.find(reader, delivery_id)
    assert delivery is not None
    assert delivery.total == len(found)
    assert max(Counter(found).values(), default=1) == 1
    assert set(found) <= set(numbers)
    wanted = expected(world, [False] * 4) | {n for n in found if world.members[n].wrote}
    copies_of = Counter(world.holders[number] for number in found if world.holders[number] is not None)
    assert max(copies_of.values(), default=1) == 1
    taking = {n for n in numbers if takes(world.members[n])}
    assert set(copies_of) == {world.holders[n] for n in taking} - {None}
    # Nobody is left out but somebody who has left.
    alone = {n for n in wanted | taking if world.holders[n] is None} - left
    assert alone <= set(found)


async def test_two_expanders_at_once_repeat_nobody(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 300)
        ids = [await a_delivery(uow, robot_id, list_id) for _ in range(3)]
        for delivery_id in ids:
            assert await expansion.expand(uow, delivery_id, author_keys=[], whole=10, chunk=20) is None
    await asyncio.gather(*(chunks(database, 20) for _ in range(4)))
    await expand_all(database, lambda: None)
    async with database.read() as reader:
        for delivery_id in ids:
            found = await got(reader, delivery_id)
            assert (len(found), len(set(found))) == (300, 300)


async def test_a_delivery_that_is_being_expanded_is_left_alone_by_others(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("it has one writer")
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 60)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[], whole=10, chunk=20)
    async with database.write() as uow:
        assert await expansion.expand_more(uow, chunk=20)
        async with database.write() as other:
            assert not await expansion.expand_more(other, chunk=20)
            # Nor does somebody wait who writes down what was accepted, before the chunk has moved on.
    assert await chunks(database, 20) == 1


async def test_a_paused_delivery_does_not_grow_and_a_cancelled_one_never_again(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 60)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[], whole=10, chunk=20)
        await deliveries.set_status(uow, delivery_id, DeliveryStatus.PAUSED, allowed=deliveries.OPEN)
    assert await chunks(database, 20) == 0
    async with database.write() as uow:
        await deliveries.set_status(
            uow, delivery_id, DeliveryStatus.QUEUED, allowed=(DeliveryStatus.PAUSED.value,)
        )
        assert await expansion.expand_more(uow, chunk=20)
        await deliveries.set_status(uow, delivery_id, DeliveryStatus.CANCELLED, allowed=deliveries.OPEN)
    assert await chunks(database, 20) == 0
    async with database.read() as reader:
        assert len(await got(reader, delivery_id)) == 40


async def test_a_delivery_is_not_complete_before_it_is_wholly_expanded(database: Database) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 60)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[], whole=10, chunk=20)
    done = 0
    while True:
        async with database.write() as uow:
            for packet in await lease(uow, "w", limit=10, leased_until=uow.now + 10):
                assert await packets.finish(uow, packet, packet.position)
                await packets.count_accepted(uow, delivery_id, packet.recipient_count)
                done += packet.recipient_count
            await packets.complete(uow, delivery_id)
            found = await deliveries.find(uow, delivery_id)
            account = await control.account(uow, delivery_id)
            assert found is not None
            assert account is not None
            assert account.adds_up
            assert account.progress.accepted == done
            assert (found.status is DeliveryStatus.COMPLETED) == (done == 60)
            if not await expansion.expand_more(uow, chunk=20):
                break
    assert done == 60


async def test_a_chunk_costs_the_same_statements_however_many_it_holds(sqlite: Database) -> None:
    budgets = []
    for members, size in ((40, 10), (6_000, 2_000)):
        async with sqlite.write() as uow:
            robot_id = await one(uow, ROBOT, domain=f"n{members}.example")
            list_id = await one(uow, LIST, robot_id=robot_id, name="l")
            await uow.run_many(MEMBER, [member(list_id, n) for n in range(members)])
            delivery_id = await a_delivery(uow, robot_id, list_id)
            await expansion.expand(uow, delivery_id, author_keys=[], whole=10, chunk=size)
        said: list[str] = []
        async with sqlite.write(durable=False) as uow:
            assert isinstance(uow, SqliteReader)
            uow.connection.set_trace_callback(said.append)
            await expansion.expand_more(uow, chunk=size)
            uow.connection.set_trace_callback(None)
        budgets.append(
            len([each for each in said if not each.lstrip("- ").startswith("INSERT INTO packets")])
        )
        async with sqlite.write() as uow:
            await deliveries.set_status(uow, delivery_id, DeliveryStatus.CANCELLED, allowed=deliveries.OPEN)
    assert budgets[0] == budgets[1]
    assert budgets[0] <= 8


async def test_who_is_in_a_chunk_is_found_by_indexes_alone(database: Database) -> None:
    async with database.write() as uow:
        values = {
            "delivery_id": 1,
            "list_id": 1,
            "robot_id": 1,
            "instant": 5,
            "after": 0,
            "upto": 9,
            "last": 99,
        }
        for query, more in (
            (takers._SEVERAL, {}),
            (takers._TAKERS, {"author_keys": []}),
            (takers._END, {"others": 9}),
            (addressed._SKIPPING, {"keys": [], "people": []}),
            (addressed._HOLDERS, {"keys": []}),
        ):
            made = query.compiled(database.dialect)
            if isinstance(uow, SqliteReader):
                rows = uow.connection.execute(
                    f"EXPLAIN QUERY PLAN {made.sql}",
                    {**made.constants, **values, **dict.fromkeys(more, "[]"), "others": 9},
                )
                plan = "\n".join(row[3] for row in rows)
                wrong = [line for line in plan.splitlines() if line.split()[:2] in WALKS]
                assert not wrong, plan
            elif isinstance(uow, PostgresReader):
                await uow.connection.execute("SET LOCAL enable_seqscan = off")
                given_values = [({**made.constants, **values, **more})[name] for name in made.order]
                found = await uow.connection.fetch(f"EXPLAIN {made.sql}", *given_values)
                plan = "\n".join(row[0] for row in found)
                assert "Seq Scan" not in plan, plan
                assert "Join Filter" not in plan, plan
                assert "ix_addresses_robot_id" not in plan, plan


def some(count: int, domain: str, *, start: int = 0, is_bouncing: bool = False) -> list[Taker]:
    return [Taker(start + n, domain, is_bouncing) for n in range(count)]


def test_a_domain_with_enough_members_has_packets_of_its_own() -> None:
    members = (
        some(230, "big.example")
        + some(50, "half.example", start=1000)
        + some(49, "small.example", start=2000)
    )
    cut = list(expansion.cut(members, 100, "never"))
    assert [(each.domain, len(each.ids)) for each in cut] == [
        ("big.example", 100),
        ("big.example", 100),
        ("half.example", 50),
        ("", 79),
    ]
    assert not any(each.is_personal for each in cut)


def test_ten_thousand_domains_are_a_hundred_packets() -> None:
    cut = list(expansion.cut([Taker(n, f"d{n}.example", False) for n in range(10_000)], 100, "never"))
    assert len(cut) == 100
    assert {each.domain for each in cut} == {""}


@pytest.mark.parametrize(
    ("personalization", "shared", "own"),
    [("never", 30, 0), ("always", 0, 30), ("on_bounce", 20, 10), ("sampled", 20, 10)],
)
def test_who_gets_a_copy_of_their_own_is_in_packets_apart(
    personalization: str, shared: int, own: int
) -> None:
    members = some(20, "a.example") + some(10, "a.example", start=100, is_bouncing=True)
    cut = list(expansion.cut(members, 100, personalization))
    assert sum(len(each.ids) for each in cut if not each.is_personal) == shared
    assert sum(len(each.ids) for each in cut if each.is_personal) == own


async def test_each_third_message_is_copies_of_their_own(database: Database) -> None:
    async with database.write() as uow:
        _, list_id = await a_list(uow)
        await uow.run(SAMPLE, id=list_id, every=3)
        found = [await expansion.sampled(uow, list_id) for _ in range(6)]
    rest = Personalization.ON_BOUNCE
    assert found == [rest, rest, Personalization.ALWAYS] * 2
