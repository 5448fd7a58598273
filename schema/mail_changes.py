"""Posting, deciding on what waits, and moving deliveries, as the API takes them."""

from typing import Annotated

import strawberry

from resolvers import delivery_changes, posting
from schema.binding import mirrors, resolved, shown
from schema.deliveries import Delivery
from schema.directives import Cost
from schema.enums.scenarios import DecisionVerdict
from schema.foundations import Payload
from schema.moderation import ModerationItem


@strawberry.type(description="On its way.")
@mirrors(posting.Accepted)
class PostAccepted:
    """On its way."""

    delivery: Delivery = shown("The delivery.")
    message_id: str = shown("Message-ID header.")


@strawberry.type(description="Waits.")
@mirrors(posting.Held)
class PostHeld:
    """Waits."""

    item: ModerationItem | None = shown("The item, for those who may see it.")
    verdict: DecisionVerdict = shown("For whom it waits.")
    decision_id: strawberry.ID | None = shown(
        "The scenario's decision, good for `decision`; null where none was kept."
    )


@strawberry.type(description="Refused.")
@mirrors(posting.Rejected)
class PostRejected:
    """Refused."""

    reason: str = shown("Why.")
    decision_id: strawberry.ID | None = shown(
        "The scenario's decision, good for `decision`; null where none was kept."
    )


PostOutcome = Annotated[
    PostAccepted | PostHeld | PostRejected,
    strawberry.union("PostOutcome", description="What became of a message."),
]


@strawberry.type(description="Result of messagePost.")
class MessagePostPayload(Payload):
    """Result of messagePost."""

    outcome: PostOutcome | None = shown("What became of it.")


@strawberry.type(description="Result of moderationDecide.")
class ModerationDecidePayload(Payload):
    """Result of moderationDecide."""

    decided: list[ModerationItem] | None = shown("Those decided.")
    remaining: int | None = shown("How many wait still for the caller's decision at this list.")


@strawberry.type(description="Result of deliveryPause.")
class DeliveryPausePayload(Payload):
    """Result of deliveryPause."""

    delivery: Delivery | None = shown("As it is now.")


@strawberry.type(description="Result of deliveryResume.")
class DeliveryResumePayload(Payload):
    """Result of deliveryResume."""

    delivery: Delivery | None = shown("As it is now.")


@strawberry.type(description="Result of deliveryCancel.")
class DeliveryCancelPayload(Payload):
    """Result of deliveryCancel."""

    delivery: Delivery | None = shown("As it is now.")


@strawberry.type(description="Result of deliverySetPriority.")
class DeliverySetPriorityPayload(Payload):
    """Result of deliverySetPriority."""

    delivery: Delivery | None = shown("As it is now.")


@strawberry.type
class MailMutations:
    """Changes to messages, queues and deliveries."""

    message_post: MessagePostPayload = resolved(
        posting.message_post,
        "Sends a message to a list as the viewer. Give a clientMutationId: a repeated request is then not mailed twice.",
        directives=[Cost(complexity=50)],
    )
    moderation_decide: ModerationDecidePayload = resolved(
        posting.moderation_decide, "Decides on messages and requests that wait."
    )
    delivery_pause: DeliveryPausePayload = resolved(
        delivery_changes.delivery_pause, "Stops a delivery at its next packet."
    )
    delivery_resume: DeliveryResumePayload = resolved(
        delivery_changes.delivery_resume, "Goes on where a delivery stopped; nobody gets it twice."
    )
    delivery_cancel: DeliveryCancelPayload = resolved(
        delivery_changes.delivery_cancel, "Stops a delivery for good; those already handed over keep it."
    )
    delivery_set_priority: DeliverySetPriorityPayload = resolved(
        delivery_changes.delivery_set_priority, "Moves a delivery in the queue, from its next packet on."
    )
