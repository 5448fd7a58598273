"""The directory: lists page by page and counted, only those that the asker may see, without asking list by list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from identity.actor import Actor
from lists.mailing_lists import visible_among
from storage import lists
from storage.database import Reader
from storage.keyset import Page, Place, Window
from storage.lists import ListOrder
from storage.tables.lists import MailingList
from storage.tables.words import ListStatus

# How many lists are looked at in one go; hidden ones among them make a page need several.
_BATCH = 200
_COUNTING = 2_000


@dataclass(frozen=True, slots=True)
class DirectoryFilter:
    """Which lists: those of one robot, or with some text in name, subject or description."""

    robot_id: int | None = None
    search: str = ""


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
    """A page of the open lists that the actor may see; places are `order.place(mlist)`."""
    found: list[MailingList] = []
    rest = replace(window, limit=max(_BATCH, window.limit))
    while True:
        batch = await _batch(reader, rest, wanted, order, descending=descending)
        seen = await visible_among(reader, actor, batch.rows)
        found = [*seen, *found] if window.from_end else [*found, *seen]
        if len(found) > window.limit or not batch.has_more:
            break
        rest = _beyond(rest, order, batch.rows)
    kept = found[-window.limit :] if window.from_end else found[: window.limit]
    return Page(kept, len(found) > window.limit)


async def count_of_lists(reader: Reader, actor: Actor, wanted: DirectoryFilter = EVERY_LIST) -> int:
    """How many lists `page_of_lists` has; every open list is looked at, in large batches."""
    total, rest = 0, Window(_COUNTING)
    while True:
        batch = await _batch(reader, rest, wanted, ListOrder.NAME, descending=False)
        total += len(await visible_among(reader, actor, batch.rows))
        if not batch.has_more:
            return total
        rest = _beyond(rest, ListOrder.NAME, batch.rows)


async def _batch(
    reader: Reader, window: Window, wanted: DirectoryFilter, order: ListOrder, *, descending: bool
) -> Page[MailingList]:
    return await lists.page(
        reader,
        window,
        order=order,
        descending=descending,
        statuses=(ListStatus.OPEN,),
        robot_id=wanted.robot_id,
        search=wanted.search,
    )


def _beyond(window: Window, order: ListOrder, rows: Sequence[MailingList]) -> Window:
    """The window that goes on where these rows end, in the direction that is walked."""
    if window.from_end:
        first: Place = order.place(rows[0])
        return replace(window, before=first)
    last: Place = order.place(rows[-1])
    return replace(window, after=last)
