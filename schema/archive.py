"""Archives and the messages in them, as the API shows them."""

import strawberry

from resolvers import archive, list_facts
from schema.binding import computed, mirrors, resolved, shown
from schema.foundations import Connection, Node, node_id
from schema.messages import Message
from schema.refs import ArchivedMessageRef, MailingListRef
from schema.scalars import DateTime, Url
from storage.tables.mail import StoredMessage


@strawberry.type(description="A message in the archive.")
@mirrors(StoredMessage)
class ArchivedMessage(Node):
    """A message in the archive."""

    id: strawberry.ID = node_id("ArchivedMessage")
    message: Message = computed(list_facts.itself, "The message.")
    in_reply_to: ArchivedMessageRef | None = resolved(
        archive.in_reply_to, "What it answers, when that is in the same archive."
    )
    permalink: Url = resolved(archive.permalink, "Stable link.")
    archived_at: DateTime = shown("Since.")


@strawberry.type(description="The messages of a list.")
@mirrors(archive.Archive)
class Archive:
    """The messages of a list."""

    mailing_list: MailingListRef = computed(lambda root, _: root.mlist, "The list.")
    messages: Connection[ArchivedMessage] = resolved(archive.messages, "Messages, latest first.")
