"""Deliveries, their packets and odd recipients, as the API shows them."""

import strawberry

from delivery import control, pace
from resolvers import deliveries, lists
from resolvers import queue as queues
from schema.binding import computed, mirrors, resolved, shown
from schema.directives import Cost
from schema.enums.mail import DeliveryPriority, DeliveryStatus, RecipientState
from schema.foundations import Connection, Node, node_id
from schema.refs import MailingListRef
from schema.scalars import DateTime, EmailAddress
from storage.tables import mail as tables


@strawberry.type(description="Counts of recipients.")
@mirrors(pace.Standing)
class DeliveryProgress:
    """Counts of recipients."""

    total: int = shown("All.")
    pending: int = shown("Not yet tried.")
    handed_over: int = shown("Taken by the mail server.")
    deferred: int = shown("Will be tried again.")
    failed: int = shown("Refused.")
    skipped: int = shown("Left since, or cancelled.")
    bounced: int = shown("Came back later; they are among those handed over.")
    rate_per_minute: float = shown("Pace since the first packet.")


@strawberry.type(description="A subset of recipients.")
@mirrors(tables.Packet)
class DeliveryPacket:
    """A subset of recipients."""

    index: int = computed(lambda root, _: root.seq, "Number.")
    status: DeliveryStatus = computed(deliveries.packet_status, "Where it is: QUEUED, RUNNING or COMPLETED.")
    recipient_count: int = shown("Recipients.")
    worker: str | None = computed(deliveries.worker, "Which process has it.")


@strawberry.type(description="One recipient of a delivery whose answer was not a plain yes.")
@mirrors(tables.ExceptionalRecipient)
class DeliveryRecipient:
    """One recipient of a delivery whose answer was not a plain yes."""

    email: EmailAddress = computed(lambda root, _: root.address, "Address.")
    state: RecipientState = shown("Where it is.")
    attempts: int = shown("Tries.")
    smtp_reply: str | None = computed(deliveries.smtp_reply, "Last answer of the mail server.")
    updated_at: DateTime = shown("Since.")


@strawberry.type(description="The proof that nobody was skipped, counted from packets and recipients.")
@mirrors(control.Account)
class DeliveryAudit:
    """The proof that nobody was skipped."""

    total: int = computed(lambda root, _: root.progress.total, "Everybody who was a member at expansion.")
    accepted: int = computed(lambda root, _: root.progress.accepted, "Taken by the mail server.")
    failed: int = computed(lambda root, _: root.progress.failed, "Refused for good.")
    skipped: int = computed(
        lambda root, _: root.progress.skipped,
        "Left before their turn, or the delivery was cancelled before it.",
    )
    pending: int = computed(lambda root, _: root.waiting, "Wait in packets, for the first or another try.")
    adds_up: bool = shown("Accepted, failed, skipped and pending are the total.")
    is_expanding: bool = shown("More recipients are still being found: the account is of those found so far.")
    recipients: Connection[DeliveryRecipient] | None = resolved(
        queues.recipients,
        "Each recipient whose answer was not a plain yes, by address. "
        "Null, with an error, for all but owners and listmasters.",
    )


@strawberry.type(description="One message on its way to its recipients.")
@mirrors(tables.Delivery)
class Delivery(Node):
    """One message on its way to its recipients."""

    id: strawberry.ID = node_id("Delivery")
    mailing_list: MailingListRef = resolved(
        lists.list_of, "The list.", metadata={"computed": lists.list_at_hand}
    )
    subject: str = computed(deliveries.subject, "Subject.")
    message_id: str = computed(lambda root, _: root.internet_message_id, "Message-ID header.")
    status: DeliveryStatus = shown("Where it is.")
    priority: DeliveryPriority = computed(
        deliveries.place, "Place in the queue; checked again at every packet."
    )
    progress: DeliveryProgress = resolved(deliveries.progress, "Counts.")
    audit: DeliveryAudit | None = resolved(
        queues.audit,
        "The proof that nobody was skipped; those of whom it is not a plain yes are in `recipients`.",
        directives=[Cost(complexity=10)],
    )
    is_expanding: bool = computed(
        lambda root, _: pace.is_expanding(root),
        "More recipients are still being found, so that the total grows: a big list is cut chunk by chunk.",
    )
    packets: list[DeliveryPacket] = resolved(
        deliveries.packets,
        "The subsets it was cut into; the checkpoints. Bounded to 1000, larger deliveries show those not done.",
        directives=[Cost(complexity=20)],
    )
    recipients: Connection[DeliveryRecipient] | None = resolved(
        deliveries.recipients,
        "Each recipient whose answer was not a plain yes, by address; all others were handed over or wait. "
        "Null, with an error, for all but owners and listmasters.",
    )
    created_at: DateTime = shown("Accepted.")
    started_at: DateTime | None = shown("First packet handed over.")
    finished_at: DateTime | None = shown("Last packet done.")
    estimated_finish_at: DateTime | None = resolved(deliveries.estimated_finish_at, "By the pace so far.")


@strawberry.type
class DeliveryQueries:
    """Questions about deliveries."""

    delivery_audit: DeliveryAudit | None = resolved(
        queues.delivery_audit,
        "The proof that nobody was skipped, for those who may follow the delivery.",
        directives=[Cost(complexity=10)],
    )
