"""What waits for a decision, as the API shows it."""

import strawberry

from resolvers import documents, lists, moderation
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.mail import CheckResult, ModerationKind
from schema.foundations import Node, node_id
from schema.messages import Message
from schema.refs import DecisionRecordRef, MailingListRef, SharedFileRef
from schema.scalars import DateTime, EmailAddress
from storage.tables import mail as tables


@strawberry.type(description="How sure it is who wrote a message, as found out when it came by mail.")
@mirrors(moderation.Authenticity)
class MessageAuthenticity:
    """How sure it is who wrote a message."""

    dkim: CheckResult = shown("DKIM.")
    spf: CheckResult = shown("SPF, as the domain's own mail server stated it.")
    dmarc: CheckResult = shown("DMARC.")
    arc: CheckResult = shown("ARC.")
    smime: CheckResult = shown("S/MIME.")
    policy: str | None = shown(
        "The DMARC policy of the author's domain: none, quarantine, reject; absent, or unknown where nobody answered."
    )


@strawberry.type(description="Something that waits for a decision.")
@mirrors(tables.ModerationItem)
class ModerationItem(Node):
    """Something that waits for a decision."""

    id: strawberry.ID = node_id("ModerationItem")
    mailing_list: MailingListRef = resolved(
        lists.list_of, "The list.", metadata={"computed": lists.list_at_hand}
    )
    kind: ModerationKind = shown("A message or a request.")
    author: EmailAddress = shown("Who.")
    subject: str | None = computed(moderation.subject, "Subject of a message.")
    message: Message | None = resolved(moderation.message, "The message; null for a request.")
    document: SharedFileRef | None = resolved(
        documents.waiting_file, "The shared document that waits; null for anything else."
    )
    authenticity: MessageAuthenticity | None = resolved(
        moderation.authenticity,
        "How sure it is who wrote it; null for a request and for what did not come by mail.",
    )
    received_at: DateTime = shown("Since.")
    decision: DecisionRecordRef | None = resolved(
        moderation.decision,
        "Why it waits: the decision of the list's scenario; null where that is no longer kept, or something else let it wait.",
    )
