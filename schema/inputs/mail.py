"""What questions about messages, queues and deliveries take, and changes to them."""

import strawberry

from schema.enums.mail import (
    DeliveryPriority,
    DeliveryStatus,
    ModerationKind,
    ModerationVerdict,
    RecipientState,
)
from schema.inputs.common import DateTimeRange, MutationInput, optional, wanted
from schema.scalars import EmailAddress


@strawberry.input(description="What waits; all members must match.")
class ModerationFilter:
    """What waits."""

    kind: list[ModerationKind] | None = optional("Kinds.")
    author: EmailAddress | None = optional("From.")


@strawberry.input(description="Which messages; all members must match.")
class ArchiveFilter:
    """Which messages."""

    date: DateTimeRange | None = optional("Span of arrival in the archive.")
    author: str | None = optional("Part of an address.")


@strawberry.input(description="Which deliveries; all members must match.")
class DeliveryFilter:
    """Which deliveries."""

    status: list[DeliveryStatus] | None = optional("States.")
    created: DateTimeRange | None = optional("Span.")


@strawberry.input(description="Which recipients; all members must match.")
class RecipientFilter:
    """Which recipients."""

    state: list[RecipientState] | None = optional("States.")


@strawberry.input(description="Input of messagePost.")
class MessagePostInput(MutationInput):
    """Input of messagePost."""

    mailing_list_id: strawberry.ID = wanted("Where to.")
    from_: EmailAddress | None = strawberry.field(
        name="from",
        description="Under which address; the one signed in with when left out.",
        default=strawberry.UNSET,
    )
    subject: str = wanted("Subject.")
    text: str = wanted("Text.")
    html: str | None = optional("HTML.")
    in_reply_to_id: strawberry.ID | None = optional("The archived message it answers.")
    priority: DeliveryPriority | None = optional("For owners; the list's own when left out.")


@strawberry.input(description="Input of moderationDecide.")
class ModerationDecideInput(MutationInput):
    """Input of moderationDecide."""

    item_ids: list[strawberry.ID] = wanted("At most 100, all of one list.")
    verdict: ModerationVerdict = wanted("How.")
    reason: str | None = optional("For the author.")


@strawberry.input(description="Input of deliveryPause.")
class DeliveryPauseInput(MutationInput):
    """Input of deliveryPause."""

    delivery_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of deliveryResume.")
class DeliveryResumeInput(MutationInput):
    """Input of deliveryResume."""

    delivery_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of deliveryCancel.")
class DeliveryCancelInput(MutationInput):
    """Input of deliveryCancel."""

    delivery_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of deliverySetPriority.")
class DeliverySetPriorityInput(MutationInput):
    """Input of deliverySetPriority."""

    delivery_id: strawberry.ID = wanted("Which.")
    priority: DeliveryPriority = wanted("Where to.")
