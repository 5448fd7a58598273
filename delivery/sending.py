"""A leased packet goes over a line: shared by its recipients, or a copy for each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from delivery.copies import Original
from delivery.ledger import Answer, Leased, LeaseLost, Ledger
from delivery.line import Line
from delivery.personal.making import Making, octets_of
from delivery.report import Report, Step, departed, oddity
from delivery.settling import member_ids
from delivery.transports.errors import CannotConnect
from delivery.transports.smtp import Envelope, Outgoing
from delivery.turn import Turn
from mail.status import Reply
from storage.tables.mail import Packet

log = structlog.get_logger(__name__)

_SMALL = 64 * 1024
# After so many copies in a row that the mail server put off for its own sake, the others are not made for nothing.
_ENOUGH_REFUSALS = 5


@dataclass(slots=True)
class Ready:
    """A leased packet and its original; `message` is the one for all of its recipients, where they share one.

    It is for those from the packet's position on, before the place `end`: a mail server may take only so many at once.
    """

    leased: Leased
    original: Original | None
    end: int
    message: Outgoing | None = None

    @property
    def packet(self) -> Packet:
        """The packet."""
        return self.leased.packet

    @property
    def recipients(self) -> list[str]:
        """Those who share the message; "" for a member who has left."""
        first, addresses = self.leased.packet.position, self.leased.addresses
        return addresses if first == 0 and self.end == len(addresses) else addresses[first : self.end]


def made_ready(original: Original | None, leased: Leased, most: int = 0) -> Ready:
    """What there is to be sent for a packet; nothing if its original is gone or everybody has left.

    `most` is how many recipients the mail server takes in one transaction, 0 for any number.
    """
    first, end = leased.packet.position, len(leased.addresses)
    if most:
        end = min(end, first + most)
    ready = Ready(leased, original, end)
    if original is not None and not original.is_for_each(leased.packet):
        recipients = ready.recipients
        # Mostly nobody has left, and the list can be taken as it is.
        there = [address for address in recipients if address] if "" in recipients else recipients
        if there:
            envelope = Envelope(original.reverse_path, there)
            ready.message = Outgoing(envelope, original.data, original.smtputf8, original.eight_bit)
    return ready


async def send_shared(line: Line, ready: Ready, following: Ready | None = None) -> Report:
    """One transaction for all of a packet's recipients; the report that settles it. Raises CannotConnect.

    The packet that follows, if there is one, is announced together with the final dot of this one: the very object has
    to be sent next then, and only after the report is on record.
    """
    packet, recipients, everybody = ready.packet, ready.recipients, len(ready.leased.addresses)
    first = packet.position
    report = Report(packet, Step.SETTLE, first, everybody, may_have_deferred=packet.attempts + first > 0)
    if ready.end < everybody:
        report.step, report.rest = Step.REST, range(ready.end, everybody)
    replies: Sequence[Reply] = ()
    unheard: set[int] = set()
    if ready.message is not None:
        result = await line.submit(ready.message, following=following.message if following else None)
        is_whole = len(ready.message.envelope.recipients) == len(recipients)
        if result.is_unanimous and result.accepted and is_whole and not packet.attempts:
            report.accepted = len(recipients)
            return report
        replies, unheard, report.is_of_server = result.replies, set(result.unheard), result.is_of_server
    answers = enumerate(replies)
    left: list[int] = []
    for place, address in enumerate(recipients, first):
        said, reply = next(answers) if address else (-1, None)
        if said in unheard:
            left.append(place)
        else:
            _note(report, place, address, reply)
    if left:
        report.step, report.rest = Step.REST, [*left, *report.rest]
    return report


def _note(report: Report, place: int, address: str, reply: Reply | None) -> None:
    """Add a recipient's answer to a report; no address and no answer for a member who has left."""
    packet = report.packet
    is_taken = reply is not None and reply.is_positive
    if is_taken:
        report.accepted += 1
        if not packet.attempts:
            return
    key = member_ids(packet)[place] if packet.address is None else None
    if packet.attempts:
        report.again.append((key, address))
    if is_taken:
        return
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
        self._original = original
        self._packet = leased.packet
        self._ledger = ledger
        self._addresses = leased.addresses
        self._position = leased.packet.position
        keys = member_ids(self._packet)[self._position :]
        if original.own is None:
            raise ValueError("this delivery has no own copies")
        self._shared = original.own
        self._making = Making(ledger.database, original.own, original.delivery_id, keys)
        self._first = self._position
        self._on_record: asyncio.Future[Answer] | None = None
        # What has been taken and is not known to be on record.
        self._unrecorded: Report | None = None
        self._may_have_deferred = self._packet.attempts + self._position > 0
        self._refusals = 0

    async def send(self, turn: Turn) -> Report:
        """Send from the packet's position on, until all are settled or the turn is over; the report still to be made.

        Raises LeaseLost when a commit was refused.
        """
        try:
            return await self._send(turn)
        except LeaseLost:
            raise
        except Exception:
            if not await self._is_unrecorded():
                raise
            log.exception("record_refused")
            return await self._brought_again(turn)
        finally:
            await self._making.close(self._position - self._first, keeps=not turn.is_stopped)

    async def _send(self, turn: Turn) -> Report:
        making, first = self._making, self._first
        last = len(self._addresses) - 1
        following: Outgoing | None = None
        # A turn begins when there is something to send, or a busy machine would sign many copies to send one.
        await making.reach(min(2, last + 1 - first))
        for place in range(self._position, last + 1):
            if following is None and await turn.is_over():
                return await self._let_go(Step.GIVE_BACK)
            if len(making.made) < place - first + 2:
                await making.reach(place - first + 2)
            copy = following or self._copy(place)
            # What has been announced is in flight, so nothing more is announced once the turn is over.
            goes_on = place < last and (turn.is_sure() or not await turn.is_over())
            following = self._copy(place + 1) if goes_on else None
            reply, is_of_server = None, False
            if copy is not None:
                if self._on_record is not None and len(copy.data) <= _SMALL:
                    # Body and dot in one write are worth more than a small body's head start.
                    await self._recorded()
                try:
                    result = await self._line.submit(
                        copy, before_final_dot=self._on_record, following=following
                    )
                except CannotConnect:
                    return await self._let_go(Step.RELEASE)
                reply, is_of_server = result.replies[0], result.is_of_server
            if self._on_record is not None:
                await self._recorded()
            report = self._report(Step.SETTLE if place == last else Step.ADVANCE, place + 1)
            report.is_of_server = is_of_server
            self._refusals = self._refusals + 1 if is_of_server else 0
            _note(report, place, self._addresses[place], reply)
            self._position, self._may_have_deferred = place + 1, report.may_have_deferred
            if place == last:
                return report
            self._unrecorded = report
            self._on_record = self._ledger.visit(report, wants_packet=False)
            if self._refusals >= _ENOUGH_REFUSALS:
                report = await self._let_go(Step.RELEASE)
                report.is_of_server = True
                return report
        return self._report(Step.SETTLE, self._position)

    def _report(self, step: Step, position: int) -> Report:
        return Report(self._packet, step, self._position, position, may_have_deferred=self._may_have_deferred)

    def _copy(self, place: int) -> Outgoing | None:
        """The copy of the recipient in this place; None for one who has left."""
        address, original = self._addresses[place], self._original
        own = self._making.made[place - self._first]
        if not address or own.is_gone:
            return None
        data = octets_of(self._shared, own)
        return Outgoing(Envelope(own.reverse_path, [address]), data, original.smtputf8, original.eight_bit)

    async def _recorded(self) -> None:
        if self._on_record is not None:
            await self._on_record
            self._on_record = self._unrecorded = None

    async def _is_unrecorded(self) -> bool:
        """Whether the last copy was taken and it could not be written down. Raises LeaseLost."""
        try:
            await self._recorded()
        except LeaseLost:
            raise
        except Exception:  # noqa: BLE001 (told by whoever heard of it first)
            return True
        return False

    async def _brought_again(self, turn: Turn) -> Report:
        """Written down as soon as the database takes anything again (the disk was full, it went away); then the packet is
        laid aside. What is on record after all is not counted twice, since the packet has moved on then: LeaseLost.
        """
        while self._unrecorded is not None:
            try:
                await self._ledger.visit(self._unrecorded, wants_packet=False)
            except LeaseLost:
                raise
            except Exception:
                if turn.is_stopped:
                    raise
                await turn.pause()
            else:
                self._unrecorded = None
        return self._report(Step.RELEASE, self._position)

    async def _let_go(self, step: Step) -> Report:
        await self._recorded()
        return self._report(step, self._position)
