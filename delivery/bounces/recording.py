"""Whose failure it is, and what follows: a report that came in, or a mail server's own refusal while we were sending."""

from delivery.bounces.kinds import kind_of
from delivery.bounces.reading import Failed, Reading
from delivery.letter import Letter
from lists.bounces import probes
from lists.bounces.scores import Failure, failed
from mail.address import address_key
from mail.errors import BadAddress
from mail.status import Reply
from mail.verp import parse_verp
from storage import deliveries, lists, memberships, packets
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Membership
from storage.tables.mail import Delivery
from storage.tables.words import BounceKind, RecipientState

# After so long no copy of ours comes back any more; what does is an old report, sent once again.
LATEST = 14 * 86_400_000_000
_UNREAD = Failed((), BounceKind.UNKNOWN, "", "")
_MOST_NAMED = 20


async def refused(
    uow: UnitOfWork, delivery_id: int, membership_id: int | None, address: str, reply: Reply
) -> None:
    """A mail server refused a recipient for good, or put us off until the end."""
    delivery = await deliveries.find(uow, delivery_id)
    if delivery is None or delivery.list_id is None:
        return
    kind, status = kind_of(reply), reply.enhanced or ""
    diagnostic = f"{reply.code} {reply.text}"
    if membership_id is None:
        local = delivery.reverse_path.rpartition("@")[0]
        await probes.came_back(uow, local, kind, status, diagnostic)
        return
    mlist = await lists.by_id(uow, delivery.list_id)
    member = await memberships.by_id(uow, membership_id)
    # The address may have become another one since the copy was made.
    if mlist is not None and member is not None and member.address == address:
        failure = Failure(kind, status, diagnostic, delivery_id, is_proved=True)
        await failed(uow, mlist, member, failure)


async def came_back(uow: UnitOfWork, letter: Letter, reading: Reading, *, is_from_a_server: bool) -> None:
    """A report of a failure came to one of a list's bounce addresses."""
    token = letter.token or ""
    named = parse_verp(token, uow.site.key("verp"))
    if named is not None:
        await _of_copy(uow, letter.mlist, reading, *named)
    elif probes.membership_of(uow, token) is not None:
        one = reading.failed[0] if reading.failed else _UNREAD
        await probes.came_back(uow, token, one.kind, one.enhanced_status, one.diagnostic)
    elif token == f"{letter.mlist.name}-bounce".lower() and is_from_a_server:
        # Nothing but the report's own word says whose it is. A token that is not ours is not even that.
        for each in reading.failed[:_MOST_NAMED]:
            member = await _named(uow, letter.mlist, each)
            if member is not None:
                await failed(
                    uow, letter.mlist, member, Failure(each.kind, each.enhanced_status, each.diagnostic)
                )


async def _of_copy(
    uow: UnitOfWork, mlist: MailingList, reading: Reading, membership_id: int, delivery_id: int
) -> None:
    """The return path named the member and the delivery; what the report says only tells why."""
    member = await memberships.by_id(uow, membership_id)
    if member is None or member.list_id != mlist.id:
        return
    one = _about(reading, member)
    delivery = await deliveries.find(uow, delivery_id)
    if one is None or (delivery is not None and delivery.list_id != mlist.id):
        return
    if delivery is not None:
        await copy_failed(uow, mlist, member, delivery, one)


async def copy_failed(
    uow: UnitOfWork, mlist: MailingList, member: Membership, delivery: Delivery, one: Failed
) -> bool:
    """The member's own copy of a delivery came back, surely; False where it had before, or where that is too long ago."""
    if (delivery.finished_at or uow.now) + LATEST < uow.now:
        return False
    failure = Failure(one.kind, one.enhanced_status, one.diagnostic, delivery.id, is_proved=True)
    if not await failed(uow, mlist, member, failure):
        return False
    await packets.record_exception(
        uow,
        delivery.id,
        membership_id=member.id,
        address=member.address,
        state=RecipientState.BOUNCED,
        code=None,
        enhanced=one.enhanced_status,
        words=one.diagnostic[:500],
    )
    return True


def _about(reading: Reading, member: Membership) -> Failed | None:
    """What a report of several recipients says of this member; None where it says that theirs did not fail."""
    mine = [each for each in reading.failed if member.address_key in _keys(each.addresses)]
    if mine:
        return mine[0]
    if member.address_key in _keys(tuple(reading.spared)):
        return None
    return reading.failed[0] if reading.failed else _UNREAD


async def _named(reader: Reader, mlist: MailingList, one: Failed) -> Membership | None:
    for key in _keys(one.addresses):
        member = await memberships.find(reader, mlist.id, key)
        if member is not None:
            return member
    return None


def _keys(addresses: tuple[str, ...]) -> list[str]:
    found = []
    for each in addresses:
        try:
            found.append(address_key(each))
        except BadAddress:
            continue
    return found
