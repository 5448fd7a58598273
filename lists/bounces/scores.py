"""A failure comes back to a member: written down once, counted once a day, and not at all in a wave (row 78)."""

from dataclasses import dataclass, replace

from lists import bouncing
from lists.bounces import waves
from mail.instant import DAY
from storage import bounce_scores, bounces
from storage.database import UnitOfWork
from storage.tables.bounces import BounceScore
from storage.tables.lists import MailingList, Membership
from storage.tables.words import BounceKind

# In thousandths. What a message was refused for, and who called it spam, says nothing of the address.
WEIGHTS = {
    BounceKind.HARD: 1000,
    BounceKind.SOFT: 500,
    BounceKind.UNKNOWN: 500,
    BounceKind.POLICY: 0,
    BounceKind.COMPLAINT: 0,
}
# A score below this is forgotten.
LEAST = 250
_LONGEST_DIAGNOSTIC = 1000


@dataclass(frozen=True, slots=True)
class Failure:
    """One member's copy that came back.

    `is_proved` says that nobody can have made it up: a secret return path named the member, or the mail server itself
    refused. A report without that counts half, and can lead to a probe at most.
    """

    kind: BounceKind
    enhanced_status: str = ""
    diagnostic: str = ""
    delivery_id: int | None = None
    is_proved: bool = False


async def failed(uow: UnitOfWork, mlist: MailingList, member: Membership, failure: Failure) -> bool:
    """Write a member's failure down and count it; False where this copy has come back before."""
    delivery_id = failure.delivery_id
    if delivery_id is not None and await bounces.was_heard(uow, member.id, delivery_id):
        return False
    diagnostic = failure.diagnostic[:_LONGEST_DIAGNOSTIC]
    occasion = f"day {uow.now // DAY}" if delivery_id is None else f"delivery {delivery_id}"
    # The wave's rows are held before the member's, in every transaction.
    is_wave = await _is_new_there(uow, member, failure) and await waves.count(
        uow, mlist, occasion, member.domain
    )
    await bounces.record(
        uow,
        mlist.id,
        delivery_id=delivery_id,
        membership_id=member.id,
        address=member.address,
        kind=failure.kind,
        enhanced_status=failure.enhanced_status,
        diagnostic=diagnostic,
    )
    row = replace(
        await _row(uow, mlist, member, failure.kind),
        kind=failure.kind,
        enhanced_status=failure.enhanced_status,
        diagnostic=diagnostic,
    )
    weight = 0 if is_wave else WEIGHTS[failure.kind]
    await bounce_scores.write(
        uow, counted(row, mlist, weight, occasion, uow.now, is_proved=failure.is_proved)
    )
    if not is_wave:
        await bouncing.heard(uow, member.id, member.address, failure.kind, failure.enhanced_status)
    return True


async def _is_new_there(uow: UnitOfWork, member: Membership, failure: Failure) -> bool:
    """Whether one more member failed; reports without a delivery tell of each member once a day."""
    if failure.kind is BounceKind.COMPLAINT:
        return False
    if failure.delivery_id is not None:
        return True
    known = (await bounce_scores.by_ids(uow, [member.id])).get(member.id)
    return known is None or known.last_at // DAY != uow.now // DAY


async def _row(uow: UnitOfWork, mlist: MailingList, member: Membership, kind: BounceKind) -> BounceScore:
    return await bounce_scores.begin(
        uow,
        member.id,
        list_id=mlist.id,
        address_key=member.address_key,
        domain=member.domain,
        kind=kind,
    )


def counted(
    row: BounceScore, mlist: MailingList, weight: int, occasion: str, now: int, *, is_proved: bool
) -> BounceScore:
    """The row with one more failure of a weight: halved for the time that was quiet, and one failure a day at most.

    Of several in one day the heaviest counts.
    """
    halvings = max(0, now - row.scored_at) // (mlist.bounce_decay_days * DAY)
    row = replace(row, score=row.score >> halvings, proved_score=row.proved_score >> halvings)
    if halvings:
        row = replace(row, scored_at=row.scored_at + halvings * mlist.bounce_decay_days * DAY)
    if not weight:
        return row
    day = now // DAY
    if row.day != day:
        row = replace(row, day=day, day_score=0, day_proved=0, occasion="")
    score = max(row.day_score, weight if is_proved else weight // 2)
    proved = max(row.day_proved, weight if is_proved else 0)
    return replace(
        row,
        score=row.score + score - row.day_score,
        proved_score=row.proved_score + proved - row.day_proved,
        day_score=score,
        day_proved=proved,
        occasion=occasion if score > row.day_score or not row.occasion else row.occasion,
        scored_at=now,
    )
