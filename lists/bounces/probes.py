"""A probe: one small mail with a return path of its own, good for one bounce, which decides whether a member's mail stops."""

import secrets

from lists import mails
from lists.bounces import waves
from mail.instant import DAY
from mail.verp import parse_verp, verp_address
from storage import bounce_scores, bounces, lists, memberships
from storage.database import Reader, UnitOfWork
from storage.tables.bounces import BounceScore
from storage.tables.lists import MailingList, Membership
from storage.tables.words import BounceKind

_KEY = "bounce probe"
# What says nothing of the address decides nothing.
_DECIDING = frozenset({BounceKind.HARD, BounceKind.SOFT, BounceKind.UNKNOWN})


def membership_of(reader: Reader, local_part: str) -> int | None:
    """The membership that a probe's return path names; None for any other local part."""
    named = parse_verp(local_part, reader.site.key(_KEY))
    return named[0] if named else None


async def send(uow: UnitOfWork, row: BounceScore) -> bool:
    """Send a member a probe; False where one is out, or they are gone."""
    member = await memberships.by_id(uow, row.membership_id)
    mlist = await lists.by_id(uow, row.list_id)
    number = secrets.randbits(48)
    if member is None or mlist is None or not await bounce_scores.probed(uow, row.membership_id, number):
        return False
    path = verp_address(mlist.name, mlist.domain, member.id, number, uow.site.key(_KEY))
    await mails.about_bounces(
        uow,
        mlist,
        member.address,
        f"{mlist.name}: does your mail arrive?",
        [
            f"Mail from {mlist.address} to {member.address} came back several times.",
            "If you read this, all is well again, and you need not do anything.",
            (
                f"If this mail comes back as well, the list will not send you mail any more until you or an owner says so. "
                f"For questions, write to {mails.part_address(mlist, 'owner')}"
            ),
        ],
        reverse_path=path,
    )
    return True


async def came_back(uow: UnitOfWork, local_part: str, kind: BounceKind, status: str, diagnostic: str) -> bool:
    """A probe has come back to its return path; False where that was used before, is too old, or none of ours."""
    named = parse_verp(local_part, uow.site.key(_KEY))
    if named is None or kind not in _DECIDING:
        return False
    membership_id, number = named
    row = (await bounce_scores.by_ids(uow, [membership_id])).get(membership_id)
    member = await memberships.by_id(uow, membership_id)
    mlist = None if row is None else await lists.by_id(uow, row.list_id)
    if row is None or member is None or mlist is None or _is_late(row, mlist, uow.now):
        return False
    if not await bounce_scores.probe_failed(uow, membership_id, number):
        return False
    await _keep(uow, mlist, member, kind, status, diagnostic)
    await waves.count(uow, mlist, f"{waves.PROBES} {uow.now // DAY}", member.domain)
    return True


def _is_late(row: BounceScore, mlist: MailingList, now: int) -> bool:
    return row.probed_at is None or row.probed_at + mlist.bounce_probe_days * DAY <= now


async def _keep(
    uow: UnitOfWork, mlist: MailingList, member: Membership, kind: BounceKind, status: str, diagnostic: str
) -> None:
    await bounces.record(
        uow,
        mlist.id,
        delivery_id=None,
        membership_id=member.id,
        address=member.address,
        kind=kind,
        enhanced_status=status,
        diagnostic=f"Probe: {diagnostic}"[:1000],
    )
