"""One writer for all connections of a worker: what they report is committed together, then each goes on.

A connection that has reported waits here until its report is on record, and only then may send a further message's
final dot: so a killed worker repeats at most one transaction for each open connection (invariant 3). Since all that
waits at one moment shares one commit, the price of that promise is paid once for many.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

from delivery.report import Report, Step
from delivery.settling import apply_many
from storage import packets
from storage.database import Database, UnitOfWork
from storage.tables.mail import Packet


@dataclass(slots=True)
class _Visit:
    """One connection at the counter: what it brings, whether it wants a packet, what it goes away with."""

    report: Report | None
    wants_packet: bool
    answer: "asyncio.Future[tuple[bool, Packet | None]]"


class Ledger:
    """The counter at which the connections of one worker report and are given packets."""

    def __init__(self, database: Database, worker: str, *, lease: int) -> None:
        """`worker` names this process uniquely; `lease` is how long a packet is its own, in microseconds."""
        self.database = database
        self.worker = worker
        self.lease = lease
        self._queue: asyncio.Queue[_Visit] = asyncio.Queue()

    async def visit(self, report: Report | None, *, wants_packet: bool) -> tuple[bool, Packet | None]:
        """Hand in a report and perhaps take a packet; back when the report is committed.

        The first value says whether the reporter still held its packet; the second is None when nothing is due.
        """
        answer: asyncio.Future[tuple[bool, Packet | None]] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Visit(report, wants_packet, answer))
        return await answer

    async def serve(self) -> None:
        """Serve visits until cancelled; a failed commit fails the visits that were in it, and the next is tried."""
        while True:
            visits = [await self._queue.get()]
            while not self._queue.empty():
                visits.append(self._queue.get_nowait())
            try:
                async with self.database.write(durable=False) as uow:
                    answers = await self._answers(uow, visits)
            except Exception as broken:  # noqa: BLE001 (handed to those whom it concerns)
                for visit in visits:
                    if not visit.answer.done():
                        visit.answer.set_exception(broken)
                continue
            for visit, answer in zip(visits, answers, strict=True):
                if not visit.answer.done():
                    visit.answer.set_result(answer)

    async def _answers(self, uow: UnitOfWork, visits: list[_Visit]) -> list[tuple[bool, Packet | None]]:
        held = await self._write(uow, [visit.report for visit in visits])
        wanted = sum(visit.wants_packet for visit in visits)
        found = await self._lease(uow, wanted) if wanted else []
        return [
            (ok, found.pop(0) if visit.wants_packet and found else None)
            for visit, ok in zip(visits, held, strict=True)
        ]

    async def _write(self, uow: UnitOfWork, reports: list[Report | None]) -> list[bool]:
        held = await apply_many(uow, reports)
        accepted: Counter[int] = Counter()
        settled: set[int] = set()
        for report, ok in zip(reports, held, strict=True):
            if ok and report is not None:
                accepted[report.packet.delivery_id] += report.accepted
                if report.step is Step.SETTLE:
                    settled.add(report.packet.delivery_id)
        # In order of ids, so that two workers never wait for each other's row.
        for delivery_id in sorted(accepted):
            if accepted[delivery_id]:
                await packets.count_accepted(uow, delivery_id, accepted[delivery_id])
        for delivery_id in sorted(settled):
            await packets.complete(uow, delivery_id)
        return held

    async def _lease(self, uow: UnitOfWork, wanted: int) -> list[Packet]:
        found: list[Packet] = []
        while len(found) < wanted:
            more = await packets.lease(
                uow, self.worker, limit=wanted - len(found), leased_until=uow.now + self.lease
            )
            if not more:
                break
            found += more
        return found
