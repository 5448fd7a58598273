"""Live updates, as the API sends them."""

from collections.abc import AsyncIterator

import strawberry

from resolvers import live
from schema.binding import mirrors, resolved, shown, streamed
from schema.deliveries import Delivery, DeliveryProgress
from schema.enums.mail import ModerationEventKind
from schema.moderation import ModerationItem


@strawberry.type(description="A step of a delivery.")
@mirrors(live.ProgressEvent)
class DeliveryProgressEvent:
    """A step of a delivery."""

    delivery: Delivery = resolved(live.event_delivery, "Which.")
    progress: DeliveryProgress = resolved(live.event_progress, "Counts now.")
    is_final: bool = shown("The last event.")


@strawberry.type(description="A change of the queue.")
@mirrors(live.QueueEvent)
class ModerationEvent:
    """A change of the queue."""

    kind: ModerationEventKind = shown("What happened.")
    item: ModerationItem = resolved(live.event_item, "To what.")
    remaining: int = shown("How many wait now.")


@strawberry.type
class LiveSubscriptions:
    """Live updates of lists and deliveries."""

    delivery_progress: AsyncIterator[DeliveryProgressEvent] = streamed(
        live.delivery_progress,
        "At most two events a second, always a last one when the delivery ends.",
    )
    moderation_queue: AsyncIterator[ModerationEvent] = streamed(
        live.moderation_queue, "Something came into the queue or left it."
    )
