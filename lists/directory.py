"""The directory: lists page by page and counted, only those that the asker may see, without asking list by list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from identity.actor import Actor
from lists.head_count import count_open_lists
from lists.mailing_lists import visible_among
from lists.rights import standings_at
from lists.subscriptions import my_memberships_of
from lists.topics import branch, visible_topics
from storage import lists, robots
from storage.database import Reader
from storage.keyset import Page, Place, Window
from storage.lists import ListOrder
from storage.tables.lists import MailingList
from storage.tables.words import ListStatus, RoleKind

# How many lists are looked at in one go; hidden ones among them make a page need several.
_BATCH = 200
_COUNTING = 2_000


@dataclass(frozen=True, slots=True)
class DirectoryFilter:
    """Which lists: those of one robot, with some text in name, subject or description, or in some of the states.

    With `is_member` only those that the asker is (or is not) on; with `office` those where the asker holds that one.
    """

    robot_id: int | None = None
    search: str = ""
    statuses: tuple[ListStatus, ...] = (ListStatus.OPEN,)
    is_member: bool | None = None
    office: RoleKind | None = None
    # A topic and what lies under it; to whom it is not shown, there is no such topic, and no list under it.
    topic: str = ""


EVERY_LIST = DirectoryFilter()


async def page_of_lists(
    reader: Reader,
    actor: Actor,
    window: Window,
    *,
    wanted: DirectoryFilter = EVERY_LIST,
    order: ListOrder = ListOrder.NAME,
    descending: bool = False,
) -> Page[MailingList]:
    """A page of the lists that the actor may see; places are `order.place(mlist)`."""
    on_branch = await _branch(reader, actor, wanted)
    if on_branch is not None and not on_branch:
        return Page([], False)
    found: list[MailingList] = []
    rest = replace(window, limit=max(_BATCH, window.limit))
    while True:
        batch = await _batch(reader, rest, wanted, order, descending=descending)
        seen = await _among(reader, actor, batch.rows, wanted, on_branch)
        found = [*seen, *found] if window.from_end else [*found, *seen]
        if len(found) > window.limit or not batch.has_more:
            break
        rest = _beyond(rest, order, batch.rows)
    kept = found[-window.limit :] if window.from_end else found[: window.limit]
    return Page(kept, len(found) > window.limit)


async def count_of_lists(reader: Reader, actor: Actor, wanted: DirectoryFilter = EVERY_LIST) -> int:
    """How many lists `page_of_lists` has; where their kinds do not tell, every list is looked at, in large batches."""
    if wanted == DirectoryFilter(wanted.robot_id, wanted.search):
        counted = await count_open_lists(reader, actor, robot_id=wanted.robot_id, search=wanted.search)
        if counted is not None:
            return counted
    on_branch = await _branch(reader, actor, wanted)
    if on_branch is not None and not on_branch:
        return 0
    total, rest = 0, Window(_COUNTING)
    while True:
        batch = await _batch(reader, rest, wanted, ListOrder.NAME, descending=False)
        total += len(await _among(reader, actor, batch.rows, wanted, on_branch))
        if not batch.has_more:
            return total
        rest = _beyond(rest, ListOrder.NAME, batch.rows)


async def _among(
    reader: Reader,
    actor: Actor,
    rows: Sequence[MailingList],
    wanted: DirectoryFilter,
    on_branch: frozenset[str] | None,
) -> list[MailingList]:
    """Those of some lists that the actor may see and wants to; who runs a list sees it also while it is not open."""
    if on_branch is not None:
        rows = [each for each in rows if not on_branch.isdisjoint(each.topics.split())]
    kept = {each.id for each in await visible_among(reader, actor, rows)}
    if wanted.office is not None or wanted.statuses != (ListStatus.OPEN,):
        standings = await standings_at(reader, actor, rows)
        kept |= {
            each.id for each in rows if each.status is not ListStatus.OPEN and standings[each.id].is_owner
        }
        if wanted.office is not None:
            kept &= {key for key, standing in standings.items() if wanted.office in standing.held}
    if wanted.is_member is not None:
        own = await my_memberships_of(reader, actor, [*rows])
        kept &= {key for key, memberships in own.items() if bool(memberships) is wanted.is_member}
    return [each for each in rows if each.id in kept]


async def _branch(reader: Reader, actor: Actor, wanted: DirectoryFilter) -> frozenset[str] | None:
    """The names of the topics that are wanted; None where any list is."""
    if not wanted.topic:
        return None
    robot = None if wanted.robot_id is None else await robots.by_id(reader, wanted.robot_id)
    if robot is None:
        return frozenset()
    return branch(await visible_topics(reader, actor, robot), wanted.topic)


async def _batch(
    reader: Reader, window: Window, wanted: DirectoryFilter, order: ListOrder, *, descending: bool
) -> Page[MailingList]:
    return await lists.page(
        reader,
        window,
        order=order,
        descending=descending,
        statuses=wanted.statuses,
        robot_id=wanted.robot_id,
        search=wanted.search,
        topic=wanted.topic.strip().lower(),
    )


def _beyond(window: Window, order: ListOrder, rows: Sequence[MailingList]) -> Window:
    """The window that goes on where these rows end, in the direction that is walked."""
    if window.from_end:
        first: Place = order.place(rows[0])
        return replace(window, before=first)
    last: Place = order.place(rows[-1])
    return replace(window, after=last)
