"""One option for all that somebody is subscribed to, and a pause of everything that ends by itself (row 113)."""

from collections.abc import Collection
from dataclasses import dataclass

from identity.actor import Actor
from lists import offices
from lists.membership import NoSuchMembership
from lists.options import Suspension, bounds
from lists.standing import key_or_none, own_keys, proved_keys
from storage import audit, memberships
from storage.database import Reader, UnitOfWork
from storage.tables.lists import Membership
from storage.tables.words import Reception, TokenScope, Visibility


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which of somebody's subscriptions: all, or those with these numbers, addresses and modes."""

    ids: Collection[int] | None = None
    addresses: Collection[str] | None = None
    reception: Collection[Reception] = ()


ALL = Chosen()


@dataclass(frozen=True, slots=True)
class Changed:
    """Those that were changed, and those whose address is not proved well enough for that."""

    changed: list[Membership]
    refused: list[Membership]


async def set_options(
    uow: UnitOfWork,
    actor: Actor,
    *,
    chosen: Chosen = ALL,
    reception: Reception | None = None,
    visibility: Visibility | None = None,
    suspension: Suspension | None = None,
) -> Changed:
    """Give all that the actor is subscribed to in this robot, under whichever address, the same options.

    A pause stands beside the modes and pauses of the single lists, included members' too, and leaves them as they are: what
    is to come back after it was never changed. NOMAIL together with a pause is that pause; NO_SUSPENSION ends it early.
    Raises BadSuspension, NoSuchMembership, TokenTooNarrow.
    """
    offices.require_scope(actor, TokenScope.SUBSCRIBE)
    proved = {*proved_keys(actor)}
    found = await _mine(uow, actor, chosen)
    theirs = [each for each in found if each.address_key in proved]
    ids = [each.id for each in theirs]
    changed = theirs
    if suspension is not None:
        since, until = bounds(suspension)
        changed = await memberships.be_absent(uow, ids, since, until)
        if since is not None and reception is Reception.NOMAIL:
            reception = None
    if reception is not None or visibility is not None:
        changed = await memberships.set_for_many(uow, ids, reception, visibility)
    await _record(uow, actor, theirs, {each.id: each for each in changed})
    order = {key: place for place, key in enumerate(ids)}
    return Changed(
        sorted(changed, key=lambda one: order[one.id]), [each for each in found if each.id not in order]
    )


async def _mine(reader: Reader, actor: Actor, chosen: Chosen) -> list[Membership]:
    keys = own_keys(actor, actor.robot.id)
    if chosen.addresses is not None:
        wanted = {key_or_none(address) for address in chosen.addresses}
        keys = [key for key in keys if key in wanted]
    found = await memberships.in_robot(reader, actor.robot.id, *keys) if keys else []
    if chosen.ids is not None and not {*chosen.ids} <= {each.id for each in found}:
        raise NoSuchMembership(path=("membership_ids",))
    return [
        each
        for each in found
        if (chosen.ids is None or each.id in chosen.ids)
        and (not chosen.reception or each.reception in chosen.reception)
    ]


async def _record(
    uow: UnitOfWork, actor: Actor, before: list[Membership], after: dict[int, Membership]
) -> None:
    for old in before:
        new = after.get(old.id, old)
        changes = {
            name: [getattr(old, name), getattr(new, name)]
            for name in ("reception", "visibility", "away_from", "away_until")
            if getattr(old, name) != getattr(new, name)
        }
        if changes:
            await audit.record(
                uow,
                "membership_changed",
                actor=actor.sender,
                via=actor.via,
                robot_id=actor.robot.id,
                list_id=old.list_id,
                address=old.address,
                detail=changes,
            )
