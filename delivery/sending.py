"""A leased packet goes through a connection: shared by its recipients, or a copy for each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from delivery.copies import Original, personal
from delivery.ledger import Ledger
from delivery.report import Report, Step, departed, oddity
from delivery.settling import member_ids
from delivery.transports.smtp import Envelope, SmtpConnection
from mail.address import needs_smtputf8
from mail.status import Reply
from storage import packets
from storage.database import Reader
from storage.site import Site
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
    connection: SmtpConnection, original: Original, packet: Packet, recipients: Sequence[Recipient]
) -> Report:
    """One transaction for all of a packet's recipients; the report that settles it."""
    there = [each for each in recipients if each.address is not None]
    addresses = [each.address or "" for each in there]
    report = Report(packet, Step.SETTLE, len(recipients), may_have_deferred=packet.attempts > 0)
    report.oddities += [departed(each.membership_id or 0) for each in recipients if each.address is None]
    if addresses:
        utf8 = original.smtputf8 or any(needs_smtputf8(address) for address in addresses)
        envelope = Envelope(original.reverse_path, addresses)
        result = await connection.send(envelope, original.data, smtputf8=utf8, eight_bit=original.eight_bit)
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


async def send_each(
    connection: SmtpConnection,
    original: Original,
    packet: Packet,
    recipients: Sequence[Recipient],
    ledger: Ledger,
    site: Site,
) -> Report:
    """A copy for each recipient from the packet's position on; the report of the last, the others being on record.

    The next copy travels while the previous one's acceptance is being committed; only its final dot waits. Raises
    LeaseLost when that commit was refused.
    """
    resumed = packet.attempts > 0 or packet.position > 0
    last = Report(packet, Step.ADVANCE, packet.position, may_have_deferred=resumed)
    on_record: asyncio.Task[None] | None = None
    for place in range(packet.position, len(recipients)):
        report = Report(packet, Step.ADVANCE, place + 1, may_have_deferred=last.may_have_deferred)
        each = recipients[place]
        if each.address is None:
            report.oddities.append(departed(each.membership_id or 0))
        else:
            await _send_one(connection, original, each, report, on_record, site)
        if on_record is not None:
            await on_record
        last = report
        if place + 1 < len(recipients):
            on_record = asyncio.create_task(_put_on_record(ledger, report))
    last.step = Step.SETTLE
    return last


async def _send_one(
    connection: SmtpConnection,
    original: Original,
    each: Recipient,
    report: Report,
    on_record: "asyncio.Task[None] | None",
    site: Site,
) -> None:
    address, mlist = each.address or "", original.mlist
    data, reverse_path = original.data, original.reverse_path
    if mlist is not None and each.membership_id is not None:
        own = personal(site, original, mlist, each.membership_id)
        data, reverse_path = own.fields + data, own.reverse_path
    utf8 = original.smtputf8 or needs_smtputf8(address)
    envelope = Envelope(reverse_path, [address])
    result = await connection.send(
        envelope, data, smtputf8=utf8, eight_bit=original.eight_bit, before_final_dot=on_record
    )
    _note(report, each, result.replies[0])


async def _put_on_record(ledger: Ledger, report: Report) -> None:
    held, _ = await ledger.visit(report, wants_packet=False)
    if not held:
        raise LeaseLost
