"""The counter at which a worker's connections report: who shares a commit, and that nobody waits there for ever."""

import asyncio

from delivery.ledger import Answer, Ledger
from delivery.report import Step, given_back
from storage import expansion
from storage.database import Database
from tests.conftest import Clock
from tests.storage.queued import a_delivery, a_list


async def test_some_send_before_packets_are_leased_for_the_others(database: Database, clock: Clock) -> None:
    """Twenty-five connections come at one moment: ten packets in a commit, so that the mail server has them meanwhile."""
    async with database.write() as uow:
        robot_id, list_id = await a_list(uow, 2_500)
        delivery_id = await a_delivery(uow, robot_id, list_id)
        await expansion.expand(uow, delivery_id, author_keys=[])
    begun, ledger = clock.now, Ledger(database, "w", lease=10**9)
    serving = asyncio.create_task(ledger.serve())

    async def connection() -> Answer:
        answer = await ledger.visit(None, wants_packet=True)
        # Whoever comes back sends, which takes a second here.
        clock.advance(seconds=1)
        return answer

    came = await asyncio.gather(*(connection() for _ in range(25)))
    packets = [leased.packet for _, leased in came if leased is not None]
    assert len({packet.id for packet in packets}) == 25
    leased_at = [((packet.leased_until or 0) - 10**9 - begun) // 1_000_000 for packet in packets]
    assert leased_at == [0] * 10 + [10] * 10 + [20] * 5
    # Who reports and wants nothing is not held up by those who want.
    reports = [given_back(packet, Step.GIVE_BACK) for packet in packets]
    answers = await asyncio.gather(
        *(ledger.visit(report, wants_packet=place >= 12) for place, report in enumerate(reports))
    )
    serving.cancel()
    assert all(held for held, _ in answers)
    assert [leased is not None for _, leased in answers] == [place >= 12 for place in range(25)]
