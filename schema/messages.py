"""Messages, as the API shows them."""

import strawberry

from resolvers import messages
from schema.binding import computed, mirrors, resolved, shown
from schema.directives import Cost
from schema.scalars import DateTime, EmailAddress


@strawberry.type(description="Who wrote.")
@mirrors(messages.Author)
class MessageAuthor:
    """Who wrote."""

    name: str | None = shown("Name.")
    email: EmailAddress | None = shown("Address; null where the archive hides addresses, as from strangers.")


@strawberry.type(description="A header field.")
@mirrors(messages.HeaderField)
class MessageHeader:
    """A header field."""

    name: str = shown("Name.")
    value: str = shown("Decoded value.")


@strawberry.type(description="A message.")
class Message:
    """A message; shows the stored message of an item or of the archive."""

    internet_message_id: str = computed(lambda root, _: root.message_id, "Message-ID header.")
    subject: str = computed(messages.subject, "Decoded.")
    author: MessageAuthor = resolved(messages.author, "From.", directives=[Cost(complexity=3)])
    date: DateTime = resolved(
        messages.date, "Date header, as far as sane; else when it came.", directives=[Cost(complexity=3)]
    )
    text: str | None = resolved(
        messages.text,
        "Plain text part, or the HTML one as text; at most 200000 characters.",
        directives=[Cost(complexity=3)],
    )
    headers: list[MessageHeader] = resolved(
        messages.headers,
        "Header fields; strangers see only those that name nobody.",
        directives=[Cost(complexity=3)],
    )
