"""A message that comes from its list, because its author's domain lets nobody else send in its name (RFC 7960, section 4.1.3)."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from mail.address import Mailbox, format_mailbox
from mail.errors import BadAddress, UnsafeField
from mail.fields import Field, make_field
from mail.message import Message

ORIGINAL_FROM = "X-Original-From"
ORIGINAL_SIGNATURE = "X-Original-DKIM-Signature"
_NAME_LENGTH = 120
# The at sign in its other widths, too.
_ADDRESS = re.compile(r"([^\s<>()@＠﹫,;\"]+)[@＠﹫][^\s<>()@＠﹫,;\"]+")
_JOINERS = "\u200c\u200d"


def from_list(author: Mailbox, label: str, address: str) -> Field:
    """The From field of a list that passes on what `author` wrote: `"Name via label" <address>`.

    Without a name, the part of the address before the @ stands for it. No address is left in the name, for filters take one there for a
    forgery, and no sign that turns the direction of writing, behind which the words "via …" could hide.
    """
    name = _visible(_ADDRESS.sub(r"\1", author.display_name)) or author.address.local
    if len(name) > _NAME_LENGTH:
        name = f"{name[: _NAME_LENGTH - 1].rstrip()}…"
    return make_field("From", format_mailbox(f"{name} via {label}", address))


def _visible(text: str) -> str:
    shown = "".join(
        letter
        for letter in text
        if letter in _JOINERS or unicodedata.category(letter) not in ("Cf", "Co", "Cs")
    )
    return " ".join(shown.split())


def original_from(message: Message) -> Field:
    """The From field as its author wrote it, to the octet, under a name that nobody checks."""
    return Field(ORIGINAL_FROM, ORIGINAL_FROM.encode() + b":" + _body(message.fields_named("From")[0]))


def original_signatures(message: Message) -> list[Field]:
    """The signatures under a name at which no verifier looks: none of them fits a message with another From field."""
    return [
        Field(ORIGINAL_SIGNATURE, ORIGINAL_SIGNATURE.encode() + b":" + _body(field))
        for field in message.fields_named("DKIM-Signature")
    ]


def _body(field: Field) -> bytes:
    return field.raw.partition(b":")[2]


def answering(message: Message, author: Mailbox, list_address: str | None) -> list[Field]:
    """The fields that are to replace those of their name, so that answers still reach the author.

    A Reply-To of the author's own stays as it is. Else it names the author, or the list where that wants the answers
    (`list_address`); then the author stands in Cc, unless in To or Cc already.
    """
    if message.count("Reply-To"):
        return []
    if list_address is None:
        return [make_field("Reply-To", str(author))]
    copied = _copied(message, author)
    return [make_field("Reply-To", list_address), *copied]


def _copied(message: Message, author: Mailbox) -> list[Field]:
    try:
        known = {box.address.key for name in ("To", "Cc") for box in message.mailboxes(name)}
        others = [str(box) for box in message.mailboxes("Cc")]
        return [] if author.address.key in known else [make_field("Cc", ", ".join([*others, str(author)]))]
    except (BadAddress, UnsafeField):
        # A field that cannot be read is not written anew; the author is named in X-Original-From all the same.
        return []


def wrapped(message: Message, fields: Sequence[Field]) -> bytes:
    """A new message with `fields` whose content is the whole original, to the octet (RFC 2046, section 5.2.1).

    An original with a header section in UTF-8 is a message/global (RFC 6532, section 3.7). Eight-bit content stays as it is: neither type may be encoded.
    """
    raw = message.raw
    head = raw[: len(raw) - len(message.body)]
    kind = "message/rfc822" if head.isascii() else "message/global"
    made = [
        *fields,
        make_field("MIME-Version", "1.0"),
        make_field("Content-Type", kind),
        make_field("Content-Disposition", "inline"),
        make_field("Content-Transfer-Encoding", "7bit" if raw.isascii() else "8bit"),
    ]
    return b"".join([*(field.raw for field in made), b"\r\n", raw])


def carried_over(message: Message, names: Sequence[str]) -> Iterator[Field]:
    """The first field of each of these names, as it stands; of Received all, since their number ends a loop."""
    for name in names:
        found = message.fields_named(name)
        yield from found if name == "Received" else found[:1]
