"""A message as the bytes that came and will be kept, with its fields found but never rendered anew.

`Message.raw` is always the fields' bytes, an empty line, and the body; changing a field splices bytes, so every other
byte stays as it was and the author's DKIM signature stays as good as it can.
"""

import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mail.address import BadAddress, Mailbox
from mail.errors import AuthorUnclear, BadMessage, EmptyMessage, UnsafeField
from mail.fields import Field, make_field

__all__ = [
    "AuthorUnclear",
    "BadMessage",
    "EmptyMessage",
    "Field",
    "Message",
    "UnsafeField",
    "author",
    "crlf",
    "make_field",
    "message_id",
    "new_message_id",
    "parse_message",
    "references",
    "split_entity",
    "with_fields",
]

_FIELD = re.compile(rb"[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
_FIELD_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")
_MBOX_LINE = re.compile(rb">*From ")
_LONE_BREAK = re.compile(rb"\r\n|\r|\n")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,996}>")
_BARE_ID = re.compile(r"[^<>\s@]+@[^<>\s@]+")


@dataclass(frozen=True)
class Message:
    """A message taken apart: `raw` is the bytes of all `fields`, one empty line, and `body`."""

    raw: bytes
    fields: tuple[Field, ...]
    body: bytes

    @cached_property
    def _by_name(self) -> dict[str, list[Field]]:
        found: dict[str, list[Field]] = {}
        for field in self.fields:
            found.setdefault(field.name.lower(), []).append(field)
        return found

    def fields_named(self, name: str) -> list[Field]:
        """Return the fields of that name, in their order, whatever the case."""
        return self._by_name.get(name.lower(), [])

    def first(self, name: str) -> str | None:
        """Return the decoded body of the first field of that name."""
        found = self.fields_named(name)
        return found[0].body if found else None

    def all(self, name: str) -> list[str]:
        """Return the decoded bodies of the fields of that name, in their order."""
        return [field.body for field in self.fields_named(name)]

    def count(self, name: str) -> int:
        """Return how many fields have that name."""
        return len(self.fields_named(name))

    def mailboxes(self, name: str) -> list[Mailbox]:
        """Return the mailboxes of all fields of that name; raises BadAddress."""
        return [box for field in self.fields_named(name) for box in field.mailboxes()]


def crlf(raw: bytes) -> bytes:
    """Return `raw` with every line break as CRLF; already clean bytes are returned as they are.

    A lone CR counts as a break too: relays downstream treat it as one, and what is judged must be what is sent.
    """
    breaks = raw.count(b"\n")
    if breaks == raw.count(b"\r\n") == raw.count(b"\r"):
        return raw
    return _LONE_BREAK.sub(b"\r\n", raw)


def parse_message(raw: bytes) -> Message:
    """Take a message apart, whatever its bytes; a header section without its empty line is given one.

    Raises EmptyMessage (a BadMessage) when there is nothing but white space and NULs.
    """
    if not raw.strip(b"\0 \t\r\n"):
        raise EmptyMessage("The message is empty; send one with a header section and a text.")
    return split_entity(raw)


def split_entity(raw: bytes) -> Message:
    """Take a message or MIME part apart; as `parse_message`, but content with nothing in it is allowed."""
    raw = crlf(raw)
    if raw.startswith(b"\r\n"):
        return Message(raw, (), raw[2:])
    end = raw.find(b"\r\n\r\n")
    if end < 0:
        raw = raw.removesuffix(b"\r\n") + b"\r\n\r\n" if raw else b"\r\n"
        end = len(raw) - 4
    fields = tuple(_field(match[0]) for match in _FIELD.finditer(raw, 0, end + 2)) if end >= 0 else ()
    return Message(raw, fields, raw[end + 4 :] if end >= 0 else b"")


def _field(raw: bytes) -> Field:
    match = _FIELD_NAME.match(raw)
    return Field(match[1].decode("ascii") if match else "", raw)


def with_fields(
    message: Message,
    *,
    remove: Collection[str] = (),
    prepend: Sequence[Field] = (),
    replace: Sequence[Field] = (),
) -> bytes:
    """Return the message's bytes with some fields changed; all other fields and the body stay byte for byte.

    `remove` drops every field of these names (any case). A field in `replace` takes the place of the first of its name
    and drops the others; where there was none it goes last. `prepend` goes to the top, in the given order, and a stray
    continuation line or an mbox's From line up there goes away.
    """
    dropped = {name.lower() for name in remove}
    waiting: dict[str, list[Field]] = {}
    for field in replace:
        waiting.setdefault(field.name.lower(), []).append(field)
    replaced = set(waiting)
    pieces = [field.raw for field in prepend]
    # A first line that continues no field would continue the last one prepended, and change what it says.
    # An mbox's own first line, among fields, would end the header section for many programs.
    orphaned = bool(prepend) and (message.raw[:1] in (b" ", b"\t") or bool(_MBOX_LINE.match(message.raw)))
    for field in message.fields[1:] if orphaned else message.fields:
        name = field.name.lower()
        if name in replaced:
            pieces += [new.raw for new in waiting.pop(name, [])]
        elif name not in dropped:
            pieces.append(field.raw)
    pieces += [new.raw for rest in waiting.values() for new in rest]
    return b"".join([*pieces, b"\r\n", message.body])


def author(message: Message) -> Mailbox:
    """Return the one author of a message.

    Raises AuthorUnclear (a BadMessage) unless there is exactly one From field with exactly one mailbox, outside of any
    group: programs that disagree on who wrote are how forgeries pass (requirement 5.1 item 11, RFC 7489 section 6.6.1).
    """
    found = message.fields_named("From")
    if len(found) != 1:
        raise AuthorUnclear(f"A message has exactly one From field; this one has {len(found)}.")
    try:
        mailboxes = found[0].mailboxes(groups=False)
    except BadAddress as problem:
        raise AuthorUnclear(f"The From field cannot be read: {problem}") from problem
    if len(mailboxes) != 1:
        raise AuthorUnclear(f"A message has exactly one author; this one names {len(mailboxes)}.")
    return mailboxes[0]


def message_id(message: Message) -> str | None:
    """Return the message-id with its angle brackets, or None when there is none that can be used."""
    for field in message.fields_named("Message-ID"):
        text = field.unfolded
        match = _MESSAGE_ID.search(text)
        if match:
            return match[0]
        if _BARE_ID.fullmatch(text) and len(text) <= 996:
            return f"<{text}>"
    return None


def new_message_id(domain: str) -> str:
    """Return a fresh message-id, with its angle brackets, that nobody can guess."""
    return f"<{secrets.token_hex(16)}@{domain}>"


def references(message: Message) -> list[str]:
    """Return the message-ids this message answers, oldest first, its parent last, each once (RFC 5322 section 3.6.4)."""
    cited = _message_ids(field.unfolded for field in message.fields_named("References"))
    parents = _message_ids(field.unfolded for field in message.fields_named("In-Reply-To"))[:1]
    own = message_id(message)
    return [identifier for identifier in dict.fromkeys([*cited, *parents]) if identifier != own]


def _message_ids(bodies: Iterable[str]) -> list[str]:
    return [match for body in bodies for match in _MESSAGE_ID.findall(body)]
