"""Live updates: how far a delivery is, and what comes into a queue and leaves it, authorized anew for each event."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

import strawberry

from delivery.oversight import NoSuchDelivery
from delivery.pace import ENDED, Standing, standing_of
from lists import moderation
from lists.mailing_lists import visible_by_id
from resolvers.context import Context, Info, load
from resolvers.deliveries import counts_by_delivery, delivery_by_key
from resolvers.ids import key_of
from resolvers.moderation import item_by_key
from storage.tables.mail import Delivery, ModerationItem
from storage.tables.words import DeliveryStatus, ModerationKind
from storage.waiting_ids import waiting_ids

# At most two events a second for a delivery, one look a second at a queue; in seconds.
DELIVERY_INTERVAL = 0.5
QUEUE_INTERVAL = 1.0

SomeDelivery = Annotated[strawberry.ID, strawberry.argument(description="The delivery.")]
SomeMailingList = Annotated[strawberry.ID, strawberry.argument(description="The list.")]


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """A step of a delivery; its fields are read, and asked for, when the event is sent."""

    delivery_id: int
    is_final: bool


@dataclass(frozen=True, slots=True)
class QueueEvent:
    """Something came into a list's queue or left it; the item is read, and asked for, when the event is sent."""

    kind: Literal["added", "decided"]
    item_id: int
    remaining: int


async def delivery_progress(info: Info, id: SomeDelivery) -> AsyncIterator[ProgressEvent]:
    """Events when the counts have changed, at most two a second, and a last one when the delivery ends."""
    context = info.context
    key = key_of(context, id, "Delivery")
    told: tuple[DeliveryStatus, int, int, int, int] | None = None
    while True:
        status, standing = await _look(context, key)
        is_final = status in ENDED
        found = (status, standing.total, standing.settled, standing.deferred, standing.bounced)
        if is_final or found != told:
            told = found
            yield ProgressEvent(key, is_final)
        if is_final:
            return
        await asyncio.sleep(DELIVERY_INTERVAL)


async def _look(context: Context, key: int) -> tuple[DeliveryStatus, Standing]:
    context.forget()
    found = await delivery_by_key(context, key)
    counted = None if found is None else (await counts_by_delivery(context, [key]))[0]
    if found is None or counted is None:
        raise NoSuchDelivery
    return found.status, standing_of(found, *counted)


async def event_delivery(root: strawberry.Parent[ProgressEvent], info: Info) -> Delivery | None:
    """The delivery as it is now, asked for anew."""
    return await delivery_by_key(info.context, root.delivery_id)


async def event_progress(root: strawberry.Parent[ProgressEvent], info: Info) -> Standing:
    """The counts now."""
    found = await event_delivery(root, info)
    if found is None:
        raise NoSuchDelivery
    counts, now = await load(info, counts_by_delivery, root.delivery_id)
    return standing_of(found, counts, now)


async def moderation_queue(info: Info, mailing_list_id: SomeMailingList) -> AsyncIterator[QueueEvent]:
    """Events when something comes into the part of the queue that the asker decides on, or leaves it."""
    context = info.context
    key = key_of(context, mailing_list_id, "MailingList")
    known = await _waiting(context, key)
    while True:
        await asyncio.sleep(QUEUE_INTERVAL)
        now = await _waiting(context, key)
        for item_id in sorted(known - now):
            yield QueueEvent("decided", item_id, len(now))
        for item_id in sorted(now - known):
            yield QueueEvent("added", item_id, len(now))
        known = now


async def _waiting(context: Context, list_id: int) -> set[int]:
    context.forget()
    async with context.db.read() as reader:
        mlist = await visible_by_id(reader, context.actor, list_id)
        kinds = await moderation.decidable(reader, context.actor, mlist, tuple(ModerationKind))
        return {*await waiting_ids(reader, list_id, kinds)}


async def event_item(root: strawberry.Parent[QueueEvent], info: Info) -> ModerationItem | None:
    """The item as it is now, asked for anew."""
    return await item_by_key(info.context, root.item_id)
