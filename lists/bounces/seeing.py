"""Who sees what comes back: owners and listmasters of their list, a person of their own subscriptions."""

from identity.actor import Actor
from lists import offices
from lists.membership import NoSuchMembership
from lists.standing import own_keys
from storage import bounce_pages, lists, memberships
from storage.database import Reader
from storage.keyset import Page, Window
from storage.tables.bounces import BounceScore
from storage.tables.lists import MailingList, Membership
from storage.tables.words import BounceKind

EVERY_KIND = tuple(BounceKind)


def level(row: BounceScore, mlist: MailingList) -> int:
    """A score as the API shows it: 0 to 100, where 100 is enough for a probe."""
    return min(100, row.score * 100 // mlist.bounce_suspend_score)


def least_score(mlist: MailingList, level: int) -> int:
    """The least score (thousandths) that is shown as this level or more."""
    return -(-level * mlist.bounce_suspend_score // 100)


async def require_reader(reader: Reader, actor: Actor, mlist: MailingList) -> None:
    """Raises OwnersOnly for whoever neither runs the list nor its domain."""
    standing = await offices.standing_at(reader, actor, mlist)
    if not (standing.is_owner or standing.is_listmaster):
        raise offices.OwnersOnly


async def page(
    reader: Reader,
    actor: Actor,
    mlist: MailingList,
    window: Window,
    *,
    least: int = 0,
    kinds: tuple[BounceKind, ...] = EVERY_KIND,
) -> Page[tuple[BounceScore, Membership]]:
    """A page of members whose mail comes back, the worst first. Raises OwnersOnly."""
    await require_reader(reader, actor, mlist)
    return await bounce_pages.of_list(reader, mlist.id, window, least=least, kinds=kinds)


async def member_for(reader: Reader, actor: Actor, membership_id: int) -> tuple[Membership, MailingList]:
    """A membership whose bounces the actor may see, with its list. Raises NoSuchMembership for any other."""
    member = await memberships.by_id(reader, membership_id)
    mlist = None if member is None else await lists.by_id(reader, member.list_id)
    if member is None or mlist is None:
        raise NoSuchMembership
    if member.address_key in own_keys(actor, mlist.robot_id):
        return member, mlist
    try:
        await require_reader(reader, actor, mlist)
    except offices.OwnersOnly:
        raise NoSuchMembership from None
    return member, mlist
