"""The order of the queue, on both databases: by priority, moved up by waiting, lists in turn; nothing while it is drained."""

from collections import Counter

from delivery.draining import start_queue, stop_queue
from delivery.fairness import Turns
from delivery.ledger import Ledger
from identity.actor import founder, operator
from lists import settings
from storage import deliveries, expansion, lists, memberships, queue, robots
from storage.database import Database, UnitOfWork
from storage.queue import NEVER, Waiting
from storage.tables.lists import Robot
from storage.tables.mail import Packet
from storage.tables.words import ListStatus
from tests.conftest import Clock
from tests.storage.queued import a_delivery, lease

MINUTE = 60_000_000


async def a_robot(uow: UnitOfWork) -> Robot:
    return await robots.find(uow, "lists.example") or await robots.add(uow, "lists.example", "Lists")


async def a_list(uow: UnitOfWork, name: str, members: int) -> int:
    robot = await a_robot(uow)
    list_id = await lists.add(uow, robot.id, name, ListStatus.OPEN, settings.defaults())
    for n in range(members):
        address = f"m{n:05}@d{n % 3}.example"
        await memberships.add(uow, list_id, address=address, address_key=address)
    return list_id


async def a_post(uow: UnitOfWork, list_id: int, priority: int = 5) -> int:
    delivery_id = await a_delivery(uow, (await a_robot(uow)).id, list_id, priority=priority)
    await expansion.expand(uow, delivery_id, author_keys=[])
    return delivery_id


async def first(uow: UnitOfWork, ageing: int = 10 * MINUTE) -> int | None:
    found = await queue.waiting(uow, ageing=ageing)
    return found[0].id if found else None


async def test_priority_is_read_at_each_lease(database: Database) -> None:
    async with database.write() as uow:
        one, two = await a_list(uow, "one", 1), await a_list(uow, "two", 1)
        low, high = await a_post(uow, one, 7), await a_post(uow, two, 3)
        assert await first(uow) == high
        await deliveries.set_priority(uow, low, 1)
        assert await first(uow) == low
        await deliveries.set_priority(uow, low, NEVER)
        assert await first(uow) == high


async def test_what_waits_moves_up_a_step_each_time_and_overtakes_in_the_end(
    database: Database, clock: Clock
) -> None:
    async with database.write() as uow:
        one, two = await a_list(uow, "one", 1), await a_list(uow, "two", 1)
        low = await a_post(uow, one, 9)
    clock.advance(seconds=29 * 60)
    async with database.write() as uow:
        urgent = await a_post(uow, two, 6)
        (waiting,) = [each for each in await queue.waiting(uow, ageing=10 * MINUTE) if each.id == low]
        assert (waiting.rank, await first(uow)) == (7, urgent)
    clock.advance(hours=2)
    async with database.write() as uow:
        fresh = await a_post(uow, await a_list(uow, "three", 1), 1)
        found = {each.id: each.rank for each in await queue.waiting(uow, ageing=10 * MINUTE)}
    # At the top it is served in turn with the most urgent: it waits for ever behind nobody.
    assert (found[low], found[fresh]) == (0, 1)


async def test_z_gains_nothing_by_waiting_and_begins_anew_when_it_is_raised(
    database: Database, clock: Clock
) -> None:
    async with database.write() as uow:
        delivery = await a_post(uow, await a_list(uow, "one", 1), NEVER)
    clock.advance(days=30)
    async with database.write() as uow:
        assert await queue.waiting(uow, ageing=10 * MINUTE) == []
        await deliveries.set_priority(uow, delivery, 9)
        (waiting,) = await queue.waiting(uow, ageing=10 * MINUTE)
    assert waiting.rank == 9


async def test_twenty_posts_of_one_list_do_not_hold_up_another_of_the_same_priority(
    database: Database,
) -> None:
    async with database.write() as uow:
        big, small = await a_list(uow, "big", 300), await a_list(uow, "small", 5)
        for _ in range(20):
            await a_post(uow, big)
        await a_post(uow, small)
    ledger = Ledger(database, "w", lease=10 * MINUTE)
    served: list[Packet] = []
    async with database.write() as uow:
        for _ in range(3):
            served += [each.packet for each in await ledger._lease(uow, 1)]
        by_list = Counter([await _list_of(uow, each) for each in served])
    assert by_list[small] == 1


async def _list_of(uow: UnitOfWork, packet: Packet) -> int:
    found = await deliveries.find(uow, packet.delivery_id)
    assert found is not None
    return found.list_id or 0


async def test_many_connections_share_equal_lists_between_them(database: Database) -> None:
    async with database.write() as uow:
        ids = [await a_list(uow, name, 1_500) for name in ("one", "two")]
        for list_id in ids:
            await a_post(uow, list_id)
    ledger = Ledger(database, "w", lease=10 * MINUTE)
    async with database.write() as uow:
        served = Counter([await _list_of(uow, each.packet) for each in await ledger._lease(uow, 10)])
    assert served == {ids[0]: 5, ids[1]: 5}


def test_who_was_served_longest_ago_is_next() -> None:
    turns = Turns()
    waiting = [Waiting(n, False, list_key=n, rank=5) for n in range(3)] + [Waiting(9, False, 9, rank=6)]
    order = [turns.next_of(waiting, 1)[0].id for _ in range(7)]
    assert order == [0, 1, 2, 0, 1, 2, 0]


async def test_nothing_leaves_while_the_queue_is_drained(database: Database) -> None:
    async with database.write() as uow:
        await a_post(uow, await a_list(uow, "one", 1))
        robot = await a_robot(uow)
        for actor, whose in ((founder(), None), (operator(robot), robot)):
            await stop_queue(uow, actor, whose)
            assert await lease(uow, "w", limit=1, leased_until=uow.now) == []
            assert await start_queue(uow, actor, whose)
        assert len(await lease(uow, "w", limit=1, leased_until=uow.now)) == 1
