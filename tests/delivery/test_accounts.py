"""The account of a delivery adds up at every moment: in the middle of a packet, after a cancel, long after the end."""

from delivery.control import Account, account, cancel
from delivery.pace import standings
from delivery.reception import receive
from delivery.report import Oddity, Report, Step
from delivery.settling import apply, member_ids
from identity.actor import operator
from mail.status import Reply
from storage import deliveries, packets
from storage.database import Database, Reader
from storage.tables.words import RecipientState
from tests.delivery.test_flow import a_list, a_message, posts_of
from tests.storage.queued import lease

LATER = Reply(451, "4.2.1", "busy")
NEVER = Reply(550, "5.1.1", "gone")


async def told(reader: Reader, delivery_id: int) -> tuple[int, int, int, int, int]:
    found = await account(reader, delivery_id)
    assert isinstance(found, Account)
    assert found.adds_up
    progress = found.progress
    return progress.total, progress.accepted, progress.failed, progress.skipped, found.waiting


async def test_who_was_put_off_in_the_middle_of_a_packet_is_pending(database: Database) -> None:
    _, mlist = await a_list(database, members=6)
    await receive(database, "m0@example.edu", mlist.address, a_message())
    (delivery,) = await posts_of(database, mlist)
    async with database.write() as uow:
        (packet,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10)
        ids = member_ids(packet)
        odd = [
            Oddity(ids[0], "m0@example.edu", RecipientState.DEFERRED, LATER),
            Oddity(ids[1], "m1@example.edu", RecipientState.FAILED, NEVER),
        ]
        assert await apply(uow, Report(packet, Step.ADVANCE, 0, 3, 1, odd))
        await packets.count_accepted(uow, delivery.id, 1)
        assert await told(uow, delivery.id) == (6, 1, 1, 0, 4)
        assert await apply(uow, Report(packet, Step.GIVE_BACK, 3, 3))
        assert await told(uow, delivery.id) == (6, 1, 1, 0, 4)


async def test_after_a_cancel_who_was_not_tried_was_skipped_and_who_is_in_hand_is_pending(
    database: Database,
) -> None:
    robot, mlist = await a_list(database, members=250)
    await receive(database, "m0@example.edu", mlist.address, a_message())
    (delivery,) = await posts_of(database, mlist)
    async with database.write() as uow:
        (packet,) = await lease(uow, "w", limit=1, leased_until=uow.now + 10)
        await cancel(uow, operator(robot), delivery)
        assert await told(uow, delivery.id) == (250, 0, 0, 150, 100)
        ids = member_ids(packet)
        odd = [Oddity(ids[0], "m0@example.edu", RecipientState.DEFERRED, LATER)]
        assert await apply(uow, Report(packet, Step.SETTLE, 0, 100, 99, odd, may_have_deferred=True))
        await packets.count_accepted(uow, delivery.id, 99)
        assert await told(uow, delivery.id) == (250, 99, 0, 151, 0)
        found = await deliveries.find(uow, delivery.id)
        assert found is not None
        (standing,) = await standings(uow, [found])
    assert (standing.pending, standing.deferred, standing.skipped) == (0, 0, 151)
