"""A leased packet goes over a line: shared by its recipients, or a copy for each."""

import asyncio
from collections.abc import Sequence

from delivery.copies import Original, Personal, personal
from delivery.ledger import Answer, Leased, Ledger
from delivery.line import Line
from delivery.report import Report, Step, departed, oddity
from delivery.settling import member_ids
from delivery.transports.errors import CannotConnect
from delivery.transports.smtp import Envelope, Outgoing
from mail.status import Reply
from storage.site import Site

_SMALL = 64 * 1024


async def send_shared(line: Line, original: Original, leased: Leased) -> Report:
    """One transaction for all of a packet's recipients; the report that settles it. Raises CannotConnect."""
    packet, recipients = leased.packet, leased.addresses
    # Mostly nobody has left, and the list can be taken as it is.
    there = [address for address in recipients if address] if "" in recipients else recipients
    report = Report(packet, Step.SETTLE, len(recipients), may_have_deferred=packet.attempts > 0)
    replies: Sequence[Reply] = ()
    if there:
        envelope = Envelope(original.reverse_path, there)
        result = await line.submit(Outgoing(envelope, original.data, original.smtputf8, original.eight_bit))
        if result.is_unanimous and result.accepted and len(there) == len(recipients) and not packet.attempts:
            report.accepted = len(there)
            return report
        replies = result.replies
    answers = iter(replies)
    for place, address in enumerate(recipients):
        _note(report, place, address, next(answers) if address else None)
    return report


def _note(report: Report, place: int, address: str, reply: Reply | None) -> None:
    """Add a recipient's answer to a report; no address and no answer for a member who has left."""
    packet = report.packet
    if reply is not None and reply.is_positive:
        report.accepted += 1
        if packet.attempts:
            report.recovered.append(address)
        return
    key = member_ids(packet)[place] if packet.address is None else None
    if reply is None:
        report.oddities.append(departed(key or 0))
    else:
        report.oddities.append(oddity(key, address, reply))
        report.may_have_deferred = True


class Copies:
    """The copies of one packet, one after the other; each acceptance is on record before the next final dot.

    A copy is announced together with the final dot of the one before, so that each costs one round trip. A large one
    travels while the previous acceptance is being committed: only its final dot waits.
    """

    def __init__(self, line: Line, original: Original, leased: Leased, ledger: Ledger) -> None:
        self._line = line
        self._packet = leased.packet
        self._ledger = ledger
        self._addresses = leased.addresses
        self._copies = _copies(ledger.database.site, original, leased)
        self._on_record: asyncio.Future[Answer] | None = None
        self._position = leased.packet.position
        self._may_have_deferred = self._packet.attempts + self._position > 0

    async def send(self, stop: asyncio.Event) -> Report:
        """Send from the packet's position on, until all are settled or `stop` is set; the report still to be made.

        Raises LeaseLost when a commit was refused.
        """
        copies, following = self._copies, None
        last = len(copies) - 1
        for place in range(self._position, last + 1):
            if stop.is_set() and following is None:
                return await self._let_go(Step.GIVE_BACK)
            # What has been announced is in flight, so nothing more is announced once we are to stop.
            following = None if stop.is_set() or place == last else copies[place + 1]
            report = self._report(Step.SETTLE if place == last else Step.ADVANCE, place + 1)
            try:
                await self._copy(place, report, following)
            except CannotConnect:
                return await self._let_go(Step.RELEASE)
            await self._recorded()
            self._position, self._may_have_deferred = place + 1, report.may_have_deferred
            if place == last:
                return report
            self._on_record = self._ledger.visit(report, wants_packet=False)
        return self._report(Step.SETTLE, self._position)

    def _report(self, step: Step, position: int) -> Report:
        return Report(self._packet, step, position, may_have_deferred=self._may_have_deferred)

    async def _copy(self, place: int, report: Report, following: Outgoing | None) -> None:
        copy, reply = self._copies[place], None
        if copy is not None:
            if len(copy.data) <= _SMALL:
                # Body and dot in one write are worth more than a small body's head start.
                await self._recorded()
            result = await self._line.submit(copy, before_final_dot=self._on_record, following=following)
            reply = result.replies[0]
        _note(report, place, self._addresses[place], reply)

    async def _recorded(self) -> None:
        if self._on_record is not None:
            await self._on_record
            self._on_record = None

    async def _let_go(self, step: Step) -> Report:
        await self._recorded()
        return self._report(step, self._position)


def _copies(site: Site, original: Original, leased: Leased) -> list[Outgoing | None]:
    """A copy for each recipient, by place; None for those who have left, and those who are settled already."""
    start = leased.packet.position
    addresses, keys = leased.addresses[start:], member_ids(leased.packet)[start:]
    data, reverse_path = original.data, original.reverse_path
    own = personal(site, original, keys) if keys else [Personal(reverse_path, b"")]
    made = [
        Outgoing(
            Envelope(each.reverse_path, [address]), each.fields + data, original.smtputf8, original.eight_bit
        )
        if address
        else None
        for address, each in zip(addresses, own, strict=True)
    ]
    return [None] * start + made
