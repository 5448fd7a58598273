"""A leased packet goes over a line: shared by its recipients, or a copy for each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from delivery.copies import Original, personal
from delivery.ledger import Ledger
from delivery.line import Line
from delivery.report import Report, Step, departed, oddity
from delivery.settling import member_ids
from delivery.transports.errors import CannotConnect
from delivery.transports.smtp import Envelope
from mail.status import Reply
from storage import packets
from storage.database import Reader
from storage.tables.mail import Packet


class LeaseLost(Exception):
    """Somebody else holds the packet by now, so this connection must not go on with it."""

    code = "LEASE_LOST"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One of a packet's recipients; the address is None when the member has left."""

    membership_id: int | None
    address: str | None


async def recipients_of(reader: Reader, packet: Packet) -> list[Recipient]:
    """A packet's recipients in its order."""
    if packet.address is not None:
        return [Recipient(None, packet.address)]
    ids = member_ids(packet)
    found = await packets.addresses_of(reader, ids)
    return [Recipient(key, found.get(key)) for key in ids]


async def send_shared(
    line: Line, original: Original, packet: Packet, recipients: Sequence[Recipient]
) -> Report:
    """One transaction for all of a packet's recipients; the report that settles it. Raises CannotConnect."""
    there = [each for each in recipients if each.address is not None]
    addresses = [each.address or "" for each in there]
    report = Report(packet, Step.SETTLE, len(recipients), may_have_deferred=packet.attempts > 0)
    report.oddities += [departed(each.membership_id or 0) for each in recipients if each.address is None]
    if addresses:
        result = await line.submit(
            Envelope(original.reverse_path, addresses),
            original.data,
            smtputf8=original.smtputf8,
            eight_bit=original.eight_bit,
        )
        for each, reply in zip(there, result.replies, strict=True):
            _note(report, each, reply)
    return report


def _note(report: Report, each: Recipient, reply: Reply) -> None:
    address = each.address or ""
    if not reply.is_positive:
        report.oddities.append(oddity(each.membership_id, address, reply))
        report.may_have_deferred = True
        return
    report.accepted += 1
    if report.packet.attempts:
        report.recovered.append(address)


class Copies:
    """The copies of one packet, one after the other; each acceptance is on record before the next final dot.

    The next copy travels while the previous one's acceptance is being committed: only its final dot waits.
    """

    def __init__(self, line: Line, original: Original, packet: Packet, ledger: Ledger) -> None:
        self._line = line
        self._original = original
        self._packet = packet
        self._ledger = ledger
        self._on_record: asyncio.Task[None] | None = None
        self._last = Report(
            packet, Step.ADVANCE, packet.position, may_have_deferred=packet.attempts + packet.position > 0
        )

    async def send(self, recipients: Sequence[Recipient], stop: asyncio.Event) -> Report:
        """Send from the packet's position on, until all are settled or `stop` is set; the report still to be made.

        Raises LeaseLost when a commit was refused.
        """
        for place in range(self._packet.position, len(recipients)):
            if stop.is_set():
                return await self._let_go(Step.GIVE_BACK)
            report = Report(
                self._packet, Step.ADVANCE, place + 1, may_have_deferred=self._last.may_have_deferred
            )
            try:
                await self._copy(recipients[place], report)
            except CannotConnect:
                return await self._let_go(Step.RELEASE)
            await self._recorded()
            self._last = report
            if place + 1 < len(recipients):
                self._on_record = asyncio.create_task(self._record(report))
        self._last.step = Step.SETTLE
        return self._last

    async def _copy(self, each: Recipient, report: Report) -> None:
        if each.address is None:
            report.oddities.append(departed(each.membership_id or 0))
            return
        original = self._original
        data, reverse_path = original.data, original.reverse_path
        if original.each_for is not None and each.membership_id is not None:
            site = self._ledger.database.site
            own = personal(site, original.delivery_id, *original.each_for, each.membership_id)
            data, reverse_path = own.fields + data, own.reverse_path
        result = await self._line.submit(
            Envelope(reverse_path, [each.address]),
            data,
            smtputf8=original.smtputf8,
            eight_bit=original.eight_bit,
            before_final_dot=self._on_record,
        )
        _note(report, each, result.replies[0])

    async def _record(self, report: Report) -> None:
        held, _ = await self._ledger.visit(report, wants_packet=False)
        if not held:
            raise LeaseLost

    async def _recorded(self) -> None:
        if self._on_record is not None:
            await self._on_record
            self._on_record = None

    async def _let_go(self, step: Step) -> Report:
        await self._recorded()
        return Report(self._packet, step, self._last.position)
