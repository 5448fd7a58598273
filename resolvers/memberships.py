"""Memberships: a list's people for those who may review them, a person's lists for themselves."""

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
import strawberry
from strawberry import UNSET

from lists import discretion, subscriptions
from lists.discretion import Seen
from lists.standing import own_keys
from resolvers.context import Context, Info, load, reading
from resolvers.cursors import Position
from resolvers.lists import bring_lists, lists_by_id
from resolvers.pages import Page, keyset_page, page_of_all, window
from resolvers.people import is_self, people_by_id
from resolvers.robots import listmaster_here
from schema.enums.errors import OrderDirection
from schema.inputs.common import After, Before, First, Last, given
from schema.inputs.memberships import MembershipFilter, MembershipOrder, SubscriberFilter
from storage import holders, keyset
from storage.subscribers import MembershipOrder as Order
from storage.subscribers import Narrowing
from storage.tables.lists import MailingList, Membership
from storage.tables.people import Person

WhichMemberships = Annotated[
    MembershipFilter | None, strawberry.argument(description="Narrow the result; all members must match.")
]
WhichSubscribers = Annotated[
    SubscriberFilter | None, strawberry.argument(description="Narrow the result; all members must match.")
]
MembershipsOrder = Annotated[
    MembershipOrder | None,
    strawberry.argument(description="Order of the result; ties are broken by id, so pages never overlap."),
]


@dataclass(frozen=True, slots=True)
class Pause:
    """No mail between two instants, the second of which may be open."""

    from_: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one of a list's questions."""

    key: str
    value: str


async def subscribers(
    root: strawberry.Parent[MailingList],
    info: Info,
    filter: WhichSubscribers = UNSET,
    order_by: MembershipsOrder = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Seen]:
    """People on a list, as far as its review scenario lets the asker see."""
    actor = info.context.actor
    narrowing = _of_subscribers(given(filter))
    order, descending = _ordered(given(order_by), Order.EMAIL)
    # One list has one name: ordering by it is ordering by address.
    order = Order.EMAIL if order is Order.LIST_NAME else order
    what = f"subscribers|{root.id}|{narrowing}|{order}|{descending}"
    wanted = window(info, what, first, after, last, before)
    async with reading(info) as reader:
        found = await subscriptions.members(
            reader,
            actor,
            root,
            wanted.keyset,
            order=order,
            descending=descending,
            narrowing=narrowing,
        )
        rows = await discretion.as_seen(reader, actor, root, found.rows)
    info.context.bring(lists_by_id, {root.id: root})

    def place(row: Seen) -> Position:
        return getattr(row, order.value), row.id

    async def count() -> int:
        async with reading(info) as reader:
            return await subscriptions.count_of_members(reader, actor, root, narrowing)

    return keyset_page(wanted, keyset.Page(rows, found.has_more), place, count)


async def memberships_of(
    root: strawberry.Parent[Person],
    info: Info,
    filter: WhichMemberships = UNSET,
    order_by: MembershipsOrder = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Membership]:
    """What the asker is subscribed to in this robot; nobody sees another's."""
    actor = info.context.actor
    chosen, narrowing = _of_memberships(given(filter))
    order, descending = _ordered(given(order_by), Order.LIST_NAME)
    what = f"memberships|{root.id}|{chosen}|{narrowing}|{order}|{descending}"
    wanted = window(info, what, first, after, last, before)
    if not is_self(info.context, root.id):
        return page_of_all(wanted, [], lambda row: row.id)
    async with reading(info) as reader:
        found = await subscriptions.my_memberships(
            reader,
            actor,
            wanted.keyset,
            order=order,
            descending=descending,
            narrowing=narrowing,
            addresses=chosen,
        )
    await bring_lists(info, [mlist for _, mlist in found.rows])
    places = {membership.id: order.place(membership, mlist) for membership, mlist in found.rows}
    rows = [discretion.own(membership) for membership, _ in found.rows]

    async def count() -> int:
        async with reading(info) as reader:
            return await subscriptions.count_of_mine(reader, actor, narrowing, chosen)

    return keyset_page(wanted, keyset.Page(rows, found.has_more), lambda row: places[row.id], count)


def _ordered(order_by: MembershipOrder | None, otherwise: Order) -> tuple[Order, bool]:
    if order_by is None:
        return otherwise, False
    return order_by.field.value, order_by.direction is OrderDirection.DESC


def _of_subscribers(filter: SubscriberFilter | None) -> Narrowing:
    if filter is None:
        return Narrowing()
    return Narrowing(
        search=given(filter.search) or "",
        reception=tuple(each.value for each in given(filter.reception) or ()),
        origin=tuple(each.value for each in given(filter.origin) or ()),
        is_bouncing=given(filter.is_bouncing),
    )


def _of_memberships(filter: MembershipFilter | None) -> tuple[tuple[str, ...] | None, Narrowing]:
    if filter is None:
        return None, Narrowing()
    emails = given(filter.emails)
    modes = tuple(each.value for each in given(filter.reception) or ())
    return (None if emails is None else tuple(emails)), Narrowing(reception=modes)


async def membership_by_key(context: Context, key: int) -> Seen | None:
    """A membership of the asker's, or one that a page of a list shows them."""
    async with context.db.read() as reader:
        return await discretion.seen_by_id(reader, context.actor, key)


def display_name(root: Seen, _context: Context) -> str | None:
    """Name given to the list."""
    return root.display_name or None


def suspension(root: Seen, _context: Context) -> Pause | None:
    """A pause, past ones included until they are taken away; None for those who may not know."""
    return None if root.suspended_from is None else Pause(root.suspended_from, root.suspended_until)


def absence(root: Seen, _context: Context) -> Pause | None:
    """A pause of everything that the person gets; None for those who may not know."""
    return None if root.away_from is None else Pause(root.away_from, root.away_until)


def attributes(root: Seen, _context: Context) -> list[Answer]:
    """Answers to the list's questions."""
    if root.attributes == "{}":
        return []
    return [Answer(key, str(value)) for key, value in orjson.loads(root.attributes).items()]


async def user(root: strawberry.Parent[Any], info: Info) -> Person | None:
    """The person behind an address: for themselves, and for listmasters."""
    context = info.context
    actor = context.actor
    if actor.person is not None and root.address_key in own_keys(actor, actor.robot.id):
        return actor.person
    if not await load(info, listmaster_here, actor.robot.id):
        return None
    holder: int | None = await load(info, holders_by_key, root.address_key)
    found: Person | None = None if holder is None else await load(info, people_by_id, holder)
    return found


async def holders_by_key(context: Context, keys: list[str]) -> list[int | None]:
    """A batch: whose each address is here, by its key."""
    async with context.db.read() as reader:
        found = await holders.by_keys(reader, keys, context.actor.robot.id)
    return [found.get(each) for each in keys]
