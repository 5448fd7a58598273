"""A message for reading in a browser: its author, subject and text, all of it escaped, nothing of it loaded."""

from mail.encoded_words import decoded
from mail.errors import BadAddress, BadMessage
from mail.instant import to_datetime
from mail.message import Message, author, parse_message
from mail.mime import attachments, text_part
from server.html import Markup, fill

_LONGEST = 200_000


def message_view(raw: bytes, received_at: int, *, with_address: bool = True) -> Markup:
    """The message as a piece of a page; `received_at` is an Instant; without the address, its author's name alone."""
    message = parse_message(raw)
    names = [info.filename or info.content_type for info in attachments(message)]
    text = text_part(message)[:_LONGEST]
    if names:
        text = f"{text.rstrip()}\n\n[Attached: {', '.join(names)}]"
    return fill(
        "message",
        sender=field_text(message, "From") if with_address else _name_of_author(message),
        subject=field_text(message, "Subject") or "(no subject)",
        received=when(received_at),
        text=text,
    )


def _name_of_author(message: Message) -> str:
    try:
        found = author(message)
    except (BadMessage, BadAddress):
        return ""
    # A name may be an address too.
    return (found.display_name or found.address.local).partition("@")[0]


def field_text(message: Message, name: str) -> str:
    """A field's text with encoded words read."""
    return decoded(message.first(name) or "")


def when(instant: int) -> str:
    """An Instant for people, in UTC."""
    return to_datetime(instant).strftime("%Y-%m-%d %H:%M UTC")
