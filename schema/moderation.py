"""What waits for a decision, as the API shows it."""

import strawberry

from resolvers import documents, lists, moderation
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.mail import ModerationKind
from schema.foundations import Node, node_id
from schema.messages import Message
from schema.refs import MailingListRef, SharedFileRef
from schema.scalars import DateTime, EmailAddress
from storage.tables import mail as tables


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
    received_at: DateTime = shown("Since.")
