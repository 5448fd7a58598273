"""What ended long ago keeps its counts and lets go of packets and bytes."""

from delivery import control
from delivery.retention import sweep
from storage import deliveries, expansion, packets
from storage.database import Database
from storage.tables.words import DeliveryStatus
from tests.conftest import Clock
from tests.storage.queued import a_delivery, a_list, lease

DAY = 86_400_000_000


async def test_the_packets_and_bytes_of_what_ended_long_ago_go_and_its_counts_stay(
    database: Database, clock: Clock
) -> None:
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 250)
        old = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, old, author_keys=[])
        for packet in await lease(uow, "w", limit=9, leased_until=uow.now + 10):
            await packets.finish(uow, packet, packet.position)
            await packets.count_accepted(uow, old, packet.recipient_count)
        assert await packets.complete(uow, old)
        cancelled = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, cancelled, author_keys=[], whole=10, chunk=20)
        await deliveries.set_status(uow, cancelled, DeliveryStatus.CANCELLED, allowed=deliveries.OPEN)
        waiting = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, waiting, author_keys=[])
    assert await sweep(database, 30 * DAY) == 0
    clock.advance(days=31)
    async with database.write() as uow:
        fresh = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, fresh, author_keys=[])
        await deliveries.set_status(uow, fresh, DeliveryStatus.CANCELLED, allowed=deliveries.OPEN)
    assert await sweep(database, 30 * DAY) == 4
    assert await sweep(database, 30 * DAY) == 0
    async with database.read() as reader:
        assert [
            len(await packets.of_delivery(reader, each)) for each in (old, cancelled, waiting, fresh)
        ] == [0, 0, 3, 3]
        assert [await deliveries.outgoing(reader, each) is None for each in (old, cancelled, waiting, fresh)] == [
            True, True, False, False,
        ]  # fmt: skip
        account = await control.account(reader, old)
    assert account is not None
    assert (account.progress.accepted, account.adds_up) == (250, True)
