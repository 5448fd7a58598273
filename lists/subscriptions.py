"""Pages of subscriptions: one's own over all one's addresses, and a list's members for those who may review them."""

from dataclasses import replace

from identity.actor import Actor
from identity.refusal import Refused
from lists import offices
from lists.authorize import require
from lists.standing import key_or_none, own_keys, proved_keys
from storage import memberships, roles, subscribers
from storage.database import Reader
from storage.keyset import Page, Window
from storage.subscribers import EVERYBODY, MembershipOrder, Narrowing
from storage.tables.lists import MailingList, Membership, Role


class ReviewNeedsConfirmation(Refused):
    """This list shows its members only after a confirmation by mail; ask its -request address."""

    code = "CHALLENGE_REQUIRED"


async def my_memberships(
    reader: Reader,
    actor: Actor,
    window: Window,
    *,
    order: MembershipOrder = MembershipOrder.LIST_NAME,
    descending: bool = False,
    narrowing: Narrowing = EVERYBODY,
    addresses: tuple[str, ...] | None = None,
) -> Page[tuple[Membership, MailingList]]:
    """A page of all that the actor is subscribed to in this robot, with the lists: one statement.

    `addresses` narrows it to some of the actor's own; others are ignored.
    """
    return await subscribers.page_of_keys(
        reader,
        actor.robot.id,
        _chosen(actor, addresses),
        window,
        order=order,
        descending=descending,
        narrowing=narrowing,
    )


async def count_of_mine(
    reader: Reader,
    actor: Actor,
    narrowing: Narrowing = EVERYBODY,
    addresses: tuple[str, ...] | None = None,
) -> int:
    """How many memberships `my_memberships` has."""
    return await subscribers.count_of_keys(reader, actor.robot.id, _chosen(actor, addresses), narrowing)


async def my_memberships_of(
    reader: Reader, actor: Actor, mlists: list[MailingList]
) -> dict[int, list[Membership]]:
    """The actor's own memberships on each of some lists, in one statement, by list id."""
    keys = own_keys(actor, actor.robot.id)
    here = [mlist.id for mlist in mlists if mlist.robot_id == actor.robot.id]
    found: dict[int, list[Membership]] = {mlist.id: [] for mlist in mlists}
    for membership in await memberships.of_keys(reader, here, keys) if keys and here else []:
        found[membership.list_id].append(membership)
    return found


async def my_roles(reader: Reader, actor: Actor, window: Window) -> Page[tuple[Role, MailingList]]:
    """A page of the offices that the actor holds on lists of this robot, by list name."""
    return await roles.page_held(reader, actor.robot.id, proved_keys(actor), window)


async def count_of_my_roles(reader: Reader, actor: Actor) -> int:
    """How many offices `my_roles` has."""
    return await roles.count_held(reader, actor.robot.id, proved_keys(actor))


async def members(
    reader: Reader,
    actor: Actor,
    mlist: MailingList,
    window: Window,
    *,
    order: MembershipOrder = MembershipOrder.EMAIL,
    descending: bool = False,
    narrowing: Narrowing = EVERYBODY,
) -> Page[Membership]:
    """A page of a list's members, as the scenario `review` lets the actor; concealed ones are for owners only.

    Raises Rejected or ReviewNeedsConfirmation.
    """
    shown = await _reviewed(reader, actor, mlist, narrowing)
    return await subscribers.page_of_list(
        reader, mlist.id, window, order=order, descending=descending, narrowing=shown
    )


async def count_of_members(
    reader: Reader, actor: Actor, mlist: MailingList, narrowing: Narrowing = EVERYBODY
) -> int:
    """How many members `members` shows; raises as it does."""
    shown = await _reviewed(reader, actor, mlist, narrowing)
    return await subscribers.count_of_list(reader, mlist.id, shown)


async def _reviewed(reader: Reader, actor: Actor, mlist: MailingList, narrowing: Narrowing) -> Narrowing:
    decision = await require(reader, actor, "review", mlist=mlist)
    if decision.action != "do_it":
        raise ReviewNeedsConfirmation
    if await offices.is_owner(reader, actor, mlist):
        return narrowing
    # How others get their mail, and whether it comes back, is for owners only: a filter would tell it.
    return replace(narrowing, shown_only=True, is_bouncing=None, reception=())


def _chosen(actor: Actor, addresses: tuple[str, ...] | None) -> list[str]:
    own = own_keys(actor, actor.robot.id)
    if addresses is None:
        return own
    wanted = {key_or_none(address) for address in addresses}
    return [key for key in own if key in wanted]
