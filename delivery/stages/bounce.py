"""A failure came back: by the address it came to, or by its report, the member is found and it is written down."""

from delivery.letter import TAKEN, Done, Letter, Next
from delivery.retry import kind_of
from lists import bouncing
from mail.address import address_key
from mail.dsn import DsnRecipient, parse_dsn
from mail.errors import BadAddress
from mail.status import Reply
from mail.verp import parse_verp
from storage import bounces, memberships
from storage.database import UnitOfWork

_DELAYED = "delayed"


async def bounce(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Read a delivery status notification (RFC 3464); a delay is no failure (row 78)."""
    reports = parse_dsn(letter.message)
    if reports and all(each.action.lower() == _DELAYED for each in reports):
        return Done(TAKEN)
    named = parse_verp(letter.token, uow.site.key("verp")) if letter.token else None
    if named is not None:
        membership_id, delivery_id = named
        await _record(letter, uow, membership_id, delivery_id, reports[0] if reports else None)
        return Done(TAKEN)
    for each in reports:
        await _by_address(letter, uow, each)
    return Done(TAKEN)


async def _by_address(letter: Letter, uow: UnitOfWork, report: DsnRecipient) -> None:
    if report.action.lower() == _DELAYED:
        return
    for written in (report.original_recipient or "", report.final_recipient):
        try:
            key = address_key(written)
        except BadAddress:
            continue
        found = await memberships.find(uow, letter.mlist.id, key)
        if found is not None:
            await _record(letter, uow, found.id, None, report)
            return


async def _record(
    letter: Letter, uow: UnitOfWork, membership_id: int, delivery_id: int | None, report: DsnRecipient | None
) -> None:
    member = await memberships.by_id(uow, membership_id)
    if member is None or member.list_id != letter.mlist.id:
        return
    status = report.status if report else ""
    reply = Reply(450 if status.startswith("4") else 550, status or None, report.diagnostic if report else "")
    await bounces.record_for_list(
        uow,
        letter.mlist.id,
        delivery_id=delivery_id,
        membership_id=membership_id,
        address=member.address,
        kind=kind_of(reply),
        enhanced_status=status,
        diagnostic=reply.text[:1000],
    )
    await bouncing.heard(uow, membership_id, member.address, kind_of(reply), status)
