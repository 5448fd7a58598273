"""Mailing lists: found, shown in the directory, and what the asker is and may do at each."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from identity.refusal import NotFound
from lists import directory, subscriptions
from lists.authorize import authorize_many
from lists.bindings import Binding, bindings_of
from lists.directory import DirectoryFilter
from lists.discretion import own
from lists.mailing_lists import visible_by_id, visible_list
from lists.offices import Standing
from lists.rights import standings_at
from resolvers.context import Context, Info, load, reading
from resolvers.pages import Page, keyset_page, window
from resolvers.robots import robots_by_id
from scenarios.decision import Decision
from schema.enums.errors import OrderDirection
from schema.inputs.common import After, Before, First, Last, given
from schema.inputs.lists import MailingListFilter, MailingListOrder
from schema.scalars import EmailAddress
from storage import lists as stored
from storage.lists import ListOrder
from storage.tables.lists import MailingList, Membership, Robot
from storage.tables.words import ListStatus

SomeList = Annotated[EmailAddress, strawberry.argument(description="The list's own posting address.")]
SomeLists = Annotated[
    MailingListFilter | None, strawberry.argument(description="Narrow the result; all members must match.")
]
ListsOrder = Annotated[
    MailingListOrder | None,
    strawberry.argument(
        description="Order of the result, by name when left out; ties are broken by id, so pages never overlap."
    ),
]


async def lists_by_id(context: Context, ids: list[int]) -> list[MailingList | None]:
    """A batch of lists; whoever asks for one has a thing in hand that belongs to it."""
    async with context.db.read() as reader:
        found = await stored.by_ids(reader, ids)
    return [found.get(each) for each in ids]


async def list_of(root: strawberry.Parent[Any], info: Info) -> MailingList:
    """The list that a thing belongs to."""
    found: MailingList = await load(info, lists_by_id, root.list_id)
    return found


def list_at_hand(root: Any, context: Context) -> MailingList:
    """The same without waiting, where a page brought its lists along; else LookupError, and the executor waits."""
    found: MailingList = context.at_hand(lists_by_id, root.list_id)
    return found


async def list_by_key(context: Context, key: int) -> MailingList | None:
    """A list that the asker may see."""
    async with context.db.read() as reader:
        return await visible_by_id(reader, context.actor, key)


async def mailing_list(info: Info, address: SomeList) -> MailingList | None:
    """One list by its address; hidden is as absent."""
    async with reading(info) as reader:
        try:
            return await visible_list(reader, info.context.actor, address)
        except NotFound:
            return None


async def mailing_lists(
    info: Info,
    filter: SomeLists = UNSET,
    order_by: ListsOrder = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[MailingList]:
    """The directory of the robot that the request was addressed to."""
    return await _directory(info, info.context.actor.robot, filter, order_by, (first, after, last, before))


async def lists_of_robot(
    root: strawberry.Parent[Robot],
    info: Info,
    filter: SomeLists = UNSET,
    order_by: ListsOrder = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[MailingList]:
    """The directory of a robot."""
    return await _directory(info, root, filter, order_by, (first, after, last, before))


async def _directory(
    info: Info,
    robot: Robot,
    filter: MailingListFilter | None,
    order_by: MailingListOrder | None,
    edges: tuple[int | None, str | None, int | None, str | None],
) -> Page[MailingList]:
    narrowed = _narrowing(robot, given(filter))
    ordered = given(order_by)
    order = ListOrder.NAME if ordered is None else ordered.field.value
    descending = ordered is not None and ordered.direction is OrderDirection.DESC
    wanted = window(info, f"lists|{narrowed}|{order}|{descending}", *edges)
    async with reading(info) as reader:
        found = await directory.page_of_lists(
            reader, info.context.actor, wanted.keyset, wanted=narrowed, order=order, descending=descending
        )

    async def count() -> int:
        async with reading(info) as reader:
            return await directory.count_of_lists(reader, info.context.actor, narrowed)

    return keyset_page(wanted, found, order.place, count)


def _narrowing(robot: Robot, filter: MailingListFilter | None) -> DirectoryFilter:
    if filter is None:
        return DirectoryFilter(robot_id=robot.id)
    statuses = given(filter.status)
    role = given(filter.viewer_has_role)
    return DirectoryFilter(
        robot_id=robot.id,
        search=given(filter.search) or "",
        topic=given(filter.topic) or "",
        statuses=(ListStatus.OPEN,) if statuses is None else tuple(each.value for each in statuses),
        is_member=given(filter.viewer_is_subscriber),
        office=None if role is None else role.value,
    )


async def robot_of(root: strawberry.Parent[MailingList], info: Info) -> Robot:
    """The robot where a list lives."""
    found: Robot = await load(info, robots_by_id, root.robot_id)
    return found


def robot_at_hand(root: MailingList, context: Context) -> Robot:
    """The same without waiting, for the robot of this request."""
    if root.robot_id != context.actor.robot.id:
        raise LookupError(root.robot_id)
    return context.actor.robot


async def bindings_by_list(context: Context, mlists: list[MailingList]) -> list[list[Binding]]:
    """A batch: which scenario decides what on each list."""
    async with context.db.read() as reader:
        found = await bindings_of(reader, context.actor, mlists)
    return [found[each.id] for each in mlists]


async def scenarios(root: strawberry.Parent[MailingList], info: Info) -> list[Binding]:
    """Which scenario decides what on a list."""
    found: list[Binding] = await load(info, bindings_by_list, root)
    return found


async def own_memberships_by_list(context: Context, mlists: list[MailingList]) -> list[list[Membership]]:
    """A batch: the asker's own memberships on each list."""
    async with context.db.read() as reader:
        found = await subscriptions.my_memberships_of(reader, context.actor, mlists)
    return [[own(row) for row in found[each.id]] for each in mlists]


async def viewer_memberships(root: strawberry.Parent[MailingList], info: Info) -> list[Membership]:
    """The asker's own memberships on a list."""
    found: list[Membership] = await load(info, own_memberships_by_list, root)
    return found


async def standing_by_list(context: Context, mlists: list[MailingList]) -> list[Standing]:
    """A batch: what the asker is at each list."""
    async with context.db.read() as reader:
        found = await standings_at(reader, context.actor, mlists)
    return [found[each.id] for each in mlists]


async def decisions(context: Context, asked: list[tuple[str, MailingList]]) -> list[Decision]:
    """A batch: what each list's scenario says to the asker about an operation."""
    found: dict[tuple[str, int], Decision] = {}
    async with context.db.read() as reader:
        for operation in {operation for operation, _ in asked}:
            mlists = [mlist for each, mlist in asked if each == operation]
            decided = await authorize_many(reader, context.actor, operation, mlists)
            found |= {(operation, list_id): decision for list_id, decision in decided.items()}
    return [found[operation, mlist.id] for operation, mlist in asked]


async def bring_lists(info: Info, mlists: Sequence[MailingList]) -> None:
    """Have the lists of a page at hand and, where their texts are asked for, whether the asker may read those."""
    context = info.context
    unlike = list({mlist.id: mlist for mlist in mlists}.values())
    context.bring(lists_by_id, {mlist.id: mlist for mlist in unlike})
    if _mentions(info, "subject", "description"):
        asked = [("info", mlist) for mlist in unlike]
        context.bring(decisions, dict(zip(asked, await decisions(context, asked), strict=True)))


def _mentions(info: Info, *names: str) -> bool:
    # The text of the document is asked, which is cheap and may only say yes too often.
    place = info.operation.loc
    return place is None or any(name in place.source.body for name in names)


async def can_moderate(root: strawberry.Parent[MailingList], info: Info) -> bool:
    """Whether the asker decides on the list's messages."""
    standing: Standing = await load(info, standing_by_list, root)
    return standing.moderates


async def can_edit_settings(root: strawberry.Parent[MailingList], info: Info) -> bool:
    """Whether the asker runs the list."""
    standing: Standing = await load(info, standing_by_list, root)
    return standing.is_owner
