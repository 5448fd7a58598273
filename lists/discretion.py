"""What of a membership is for whose eyes: owners see all of it, a person their own, others a name on a list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from identity.actor import Actor
from lists import offices
from lists.authorize import authorize
from lists.mailing_lists import visible_by_id
from lists.membership import NoSuchMembership
from lists.standing import own_keys
from storage import lists, memberships
from storage.database import Reader
from storage.tables.lists import MailingList, Membership
from storage.tables.words import Origin, Visibility


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A membership as other subscribers see it: that it is there, and since when."""

    id: int
    list_id: int
    address: str
    address_key: str
    display_name: str
    origin: Origin
    subscribed_at: int
    updated_at: int
    visibility: Visibility = Visibility.NOCONCEAL
    reception: None = None
    suspended_from: None = None
    suspended_until: None = None
    away_from: None = None
    away_until: None = None
    is_moderated: bool = False
    is_preferred: bool = False
    skips_addressed_copies: None = None
    person_id: None = None
    attributes: str = "{}"


Seen = Membership | Glimpse


def own(membership: Membership) -> Membership:
    """One's own membership: everything but whether the moderators read one's messages first."""
    return replace(membership, is_moderated=False) if membership.is_moderated else membership


def glimpse(membership: Membership) -> Glimpse:
    """Somebody else's membership."""
    return Glimpse(
        membership.id,
        membership.list_id,
        membership.address,
        membership.address_key,
        membership.display_name,
        membership.origin,
        membership.subscribed_at,
        membership.updated_at,
    )


async def as_seen(reader: Reader, actor: Actor, mlist: MailingList, rows: Sequence[Membership]) -> list[Seen]:
    """Memberships of one list, which the actor may review, with as much as the actor may know of each."""
    if await offices.is_owner(reader, actor, mlist):
        return [*rows]
    keys = {*own_keys(actor, mlist.robot_id)}
    return [own(each) if each.address_key in keys else glimpse(each) for each in rows]


async def told_to(reader: Reader, actor: Actor, membership: Membership) -> Membership:
    """A membership that the actor has just made or changed, without what only owners may know."""
    mlist = await lists.by_id(reader, membership.list_id)
    if mlist is not None and await offices.is_owner(reader, actor, mlist):
        return membership
    return own(membership)


async def seen_by_id(reader: Reader, actor: Actor, membership_id: int) -> Seen:
    """A membership that is the actor's own, or that a page of the list's members shows them; else NoSuchMembership."""
    found = await memberships.by_id(reader, membership_id)
    mlist = None if found is None else await lists.by_id(reader, found.list_id)
    if found is None or mlist is None:
        raise NoSuchMembership
    if found.address_key in own_keys(actor, mlist.robot_id):
        return own(found)
    await visible_by_id(reader, actor, mlist.id)
    if (await authorize(reader, actor, "review", mlist=mlist, record=False)).action != "do_it":
        raise NoSuchMembership
    (seen,) = await as_seen(reader, actor, mlist, [found])
    if isinstance(seen, Glimpse) and found.visibility is Visibility.CONCEAL:
        raise NoSuchMembership
    return seen
