"""One writer for all connections of a worker: what they report is committed together, then each goes on.

A connection that has reported waits here until its report is on record, and only then may send a further message's
final dot: so a killed worker repeats at most one transaction for each open connection (invariant 3). Since all that
waits at one moment shares one commit, the price of that promise is paid once for many.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from delivery.domains import Domains
from delivery.fairness import Turns
from delivery.recovery import Recovery
from delivery.report import Report, Step
from delivery.settling import apply_many
from storage import packet_recipients, packets, queue
from storage.database import Database, UnitOfWork
from storage.tables.mail import Packet
from storage.undone import transacted


@dataclass(slots=True)
class Leased:
    """A packet in hand, with the addresses of its recipients in its order; "" for a member who has left."""

    packet: Packet
    addresses: list[str]


_FRESH = 50_000
"""Microseconds for which one look at the queue does for all connections that ask whether to go on."""

_PACKETS_AT_ONCE = 10
"""Packets that are leased in one commit, which takes as long as sending them: others' are under way meanwhile, or the mail
server and this worker would wait for each other by turns."""

Answer: TypeAlias = tuple[bool, Leased | None]
"""Whether the reporter still held its packet, and the packet that it goes away with."""


@dataclass(slots=True)
class _Visit:
    """One connection at the counter: what it brings, whether it wants a packet, where the answer goes."""

    report: Report | None
    wants_packet: bool
    answer: "asyncio.Future[Answer]"


class LeaseLost(Exception):
    """Somebody else holds the packet by now, so this connection must not go on with it."""

    code = "LEASE_LOST"


class Ledger:
    """The counter at which the connections of one worker report and are given packets."""

    def __init__(
        self,
        database: Database,
        worker: str,
        *,
        lease: int,
        ageing: int = 2**60,
        domains: Domains | None = None,
    ) -> None:
        """`worker` names this process uniquely; `lease` is how long a packet is its own, in microseconds.

        `ageing` is how long a delivery waits for each step that it moves up; `domains` says whom to be gentle with.
        """
        self.database = database
        self.worker = worker
        self.lease = lease
        self.domains = Domains({}, most=1) if domains is None else domains
        self._ageing = ageing
        # PostgreSQL may die without its host, and what it has not written then dies with it. A SQLite file has what was
        # committed, whoever dies; only with the host may it lose the last of it.
        self._is_durable = database.dialect == "postgresql"
        self._turns = Turns()
        self._recovery = Recovery()
        # Who waited when somebody looked last, for connections whose turns end at one moment.
        self._seen: list[queue.Waiting] = []
        self._looked_at = 0
        self._visits: list[_Visit] = []
        self._bell = asyncio.Event()

    def visit(self, report: Report | None, *, wants_packet: bool) -> "asyncio.Future[Answer]":
        """Hand in a report and perhaps ask for a packet; done when the report is committed.

        The answer says whether the reporter still held its packet; its packet is None when nothing is due. Somebody
        who wants none, being in the middle of one, gets LeaseLost if it is no longer theirs.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if not self._visits:
            self._bell.set()
        self._visits.append(_Visit(report, wants_packet, answer))
        return answer

    async def serve(self) -> None:
        """Serve visits until cancelled; a failed commit fails the visits that were in it, and the next is tried."""
        while True:
            await self._bell.wait()
            # A turn of the loop, and another one as long as answers come, so that all of them share this commit.
            seen = 0
            while len(self._visits) > seen:
                seen = len(self._visits)
                await asyncio.sleep(0)
            visits = self._next_visits()
            try:
                work = partial(self._answers, visits=visits)
                answers = await transacted(self.database, work, durable=self._is_durable, brief=True)
                self.domains.saved()
                self._recovery.saved()
            except Exception as broken:  # noqa: BLE001 (handed to those whom it concerns)
                for visit in visits:
                    if not visit.answer.done():
                        visit.answer.set_exception(broken)
                continue
            for visit, answer in zip(visits, answers, strict=True):
                if visit.answer.done():
                    continue
                if answer[0] or visit.wants_packet:
                    visit.answer.set_result(answer)
                else:
                    visit.answer.set_exception(LeaseLost())

    def _next_visits(self) -> list[_Visit]:
        """Those who share the next commit: everybody, but of those who want a packet only some; the others' turn is next."""
        visits, self._visits = self._visits, []
        if sum(visit.wants_packet for visit in visits) > _PACKETS_AT_ONCE:
            wanting = [place for place, visit in enumerate(visits) if visit.wants_packet]
            later = set(wanting[_PACKETS_AT_ONCE:])
            self._visits = [visits[place] for place in sorted(later)]
            return [visit for place, visit in enumerate(visits) if place not in later]
        self._bell.clear()
        return visits

    async def _answers(self, uow: UnitOfWork, visits: Sequence[_Visit]) -> list[Answer]:
        reports = [visit.report for visit in visits]
        for report in reports:
            if report is not None and not report.is_learnt:
                self._recovery.learn(report, uow.now)
        held = await apply_many(uow, reports)
        for report, is_held in zip(reports, held, strict=True):
            # A transaction that the database undid is run again; its reports teach nothing new then.
            if report is not None and is_held and not report.is_learnt:
                self.domains.learn(report, uow.now)
                report.is_learnt = True
        await self.domains.save(uow)
        await self._recovery.bring_forward(uow)
        wanted = sum(visit.wants_packet for visit in visits)
        found = await self._lease(uow, wanted) if wanted else []
        await _count(uow, [report for report, ok in zip(reports, held, strict=True) if ok and report], found)
        waiting = iter(found)
        return [
            (ok, next(waiting, None) if visit.wants_packet else None)
            for visit, ok in zip(visits, held, strict=True)
        ]

    async def _lease(self, uow: UnitOfWork, wanted: int) -> list[Leased]:
        found: list[Packet] = []
        waiting, held = await self._waiting(uow, found)
        while waiting and len(found) < wanted:
            chosen, share = self._turns.next_of(waiting, wanted)
            share = min(share, wanted - len(found))
            more = await queue.lease(
                uow, chosen, self.worker, limit=share, leased_until=uow.now + self.lease, held=held
            )
            found += more
            too_many = self.domains.beyond(found, uow.now)
            for packet in too_many:
                await packets.release(uow, packet, due_at=packet.due_at)
                found.remove(packet)
            if len(more) == share and not too_many:
                continue
            # What it had is leased, or its domain has enough; behind it its list may have another.
            waiting.remove(chosen)
            if not waiting and more:
                waiting, held = await self._waiting(uow, found)
        addresses = await packet_recipients.addresses(uow, found) if found else {}
        return [Leased(packet, addresses[packet.id]) for packet in found]

    async def goes_on(self, packet: Packet) -> bool:
        """Whether a packet in hand would be the next one that a connection took: its delivery may go on, and no other list
        has mail of its rank or a better one.
        """
        async with self.database.read() as reader:
            ours = await queue.standing(reader, packet.delivery_id, ageing=self._ageing)
            if ours is None:
                return False
            if reader.now - self._looked_at > _FRESH or reader.now < self._looked_at:
                held = self.domains.held(reader.now)
                self._seen = await queue.waiting(reader, ageing=self._ageing, held=held)
                self._looked_at = reader.now
        first = next((each for each in self._seen if each.list_key != ours.list_key), None)
        same = (each.rank for each in self._seen if each.list_key == ours.list_key)
        return (first is None or first.rank > ours.rank) and min(same, default=ours.rank) >= ours.rank

    async def _waiting(
        self, uow: UnitOfWork, found: Sequence[Packet]
    ) -> tuple[list[queue.Waiting], list[str]]:
        """Who waits now, read afresh (rows 19, 30), and the domains that have enough."""
        held = self.domains.held(uow.now, found)
        return await queue.waiting(uow, ageing=self._ageing, held=held), held


async def _count(uow: UnitOfWork, written: Iterable[Report], leased: Iterable[Leased]) -> None:
    """Add up the deliveries' acceptances, and close those of which nothing is left."""
    accepted: dict[int, int] = {}
    settled: set[int] = set()
    for report in written:
        delivery_id = report.packet.delivery_id
        accepted[delivery_id] = accepted.get(delivery_id, 0) + report.accepted
        if report.step is Step.SETTLE:
            settled.add(delivery_id)
    # A delivery of which a packet was leased in this very transaction is not at its end.
    settled.difference_update(each.packet.delivery_id for each in leased)
    # In order of ids, so that two workers never wait for each other's row.
    for delivery_id in sorted(accepted):
        if accepted[delivery_id]:
            await packets.count_accepted(uow, delivery_id, accepted[delivery_id])
    for delivery_id in sorted(settled):
        await packets.complete(uow, delivery_id)
