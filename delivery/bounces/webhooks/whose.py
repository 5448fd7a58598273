"""Whose copy an event is about: one that we sent to that very address, in that robot, or nobody's."""

from dataclasses import dataclass

from delivery.bounces.reading import Outcome
from delivery.bounces.webhooks.event import Event
from lists.bounces import probes
from mail.address import address_key
from mail.errors import BadAddress
from mail.verp import parse_verp
from storage import bounces, deliveries, lists, memberships, sent
from storage.database import Reader
from storage.tables.lists import MailingList, Membership
from storage.tables.mail import Delivery
from storage.tables.words import DeliveryKind


@dataclass(frozen=True, slots=True)
class Copy:
    """A member's copy of a post, or the probe that went to them; `probe` is the local part of a probe's return path."""

    mlist: MailingList
    member: Membership
    delivery: Delivery | None = None
    probe: str = ""


async def copy_of(reader: Reader, robot_id: int, event: Event) -> Copy | None:
    """The copy that an event means; None where nothing that this robot sent is named, or where it went to somebody else.

    A return path of ours is the surest word, then the delivery's number, then its Message-ID. Where one post went to the
    same address through several lists, a failure is that of the first that did not fail yet, and a complaint nobody's.
    """
    local = event.return_path.rpartition("@")[0].lower()
    if (path := parse_verp(local, reader.site.key("verp"))) is not None:
        return await _by_path(reader, robot_id, event, *path)
    if (probed := probes.membership_of(reader, local)) is not None:
        return await _probe_by_path(reader, robot_id, event, probed, local)
    try:
        key = address_key(event.recipient)
    except BadAddress:
        return None
    found = [
        each
        for delivery in await _deliveries(reader, robot_id, event)
        if (each := await _to(reader, delivery, key)) is not None
    ]
    if event.outcome is Outcome.COMPLAINT:
        return found[0] if len(found) == 1 else None
    for each in found:
        if each.delivery is None or not await bounces.was_heard(reader, each.member.id, each.delivery.id):
            return each
    return None


async def _deliveries(reader: Reader, robot_id: int, event: Event) -> list[Delivery]:
    if event.delivery is not None:
        one = await deliveries.find(reader, event.delivery)
        return [one] if one is not None and one.robot_id == robot_id else []
    return await sent.of_message(reader, robot_id, event.message_id) if event.message_id else []


async def _to(reader: Reader, delivery: Delivery, key: str) -> Copy | None:
    """The copy of a delivery that went to an address."""
    mlist = None if delivery.list_id is None else await lists.by_id(reader, delivery.list_id)
    member = None if mlist is None else await memberships.find(reader, mlist.id, key)
    if mlist is None or member is None:
        return None
    if delivery.kind is DeliveryKind.POST:
        was_sent = await sent.to_member(reader, delivery.id, member.id, member.domain)
        return Copy(mlist, member, delivery) if was_sent else None
    local = delivery.reverse_path.rpartition("@")[0].lower()
    is_probe = probes.membership_of(reader, local) == member.id
    if is_probe and await sent.to_address(reader, delivery.id, member.address):
        return Copy(mlist, member, probe=local)
    return None


async def _by_path(
    reader: Reader, robot_id: int, event: Event, membership_id: int, delivery_id: int
) -> Copy | None:
    held = await _member(reader, robot_id, membership_id)
    delivery = await deliveries.find(reader, delivery_id)
    if held is None or delivery is None or delivery.list_id != held.mlist.id:
        return None
    if not _went_to(held.member, event, delivery.created_at):
        return None
    return Copy(held.mlist, held.member, delivery)


async def _probe_by_path(
    reader: Reader, robot_id: int, event: Event, membership_id: int, local: str
) -> Copy | None:
    held = await _member(reader, robot_id, membership_id)
    if held is None or not _went_to(held.member, event, None):
        return None
    return Copy(held.mlist, held.member, probe=local)


async def _member(reader: Reader, robot_id: int, membership_id: int) -> Copy | None:
    member = await memberships.by_id(reader, membership_id)
    mlist = None if member is None else await lists.by_id(reader, member.list_id)
    if member is None or mlist is None or mlist.robot_id != robot_id:
        return None
    return Copy(mlist, member)


def _went_to(member: Membership, event: Event, sent_at: int | None) -> bool:
    """Whether the member's own copy went to the address that they have now.

    The sender may name an address that theirs is forwarded to: then it is theirs that we sent to, and that counts. But if
    the subscription was changed since, it may be the address that they had.
    """
    if not event.recipient:
        return True
    try:
        is_same = address_key(event.recipient) == member.address_key
    except BadAddress:
        is_same = False
    return is_same or (sent_at is not None and member.updated_at <= sent_at)
