"""Whether a message came through unharmed: octet for octet outside of what the list must change."""

import email
import email.policy
from collections.abc import Collection
from email.message import Message as Parsed

from mail.fields import Field
from mail.message import Message, split_entity

# What a list puts in front of every post.
OURS = frozenset(
    {
        "list-id", "list-post", "list-help", "list-owner", "list-subscribe", "list-unsubscribe",
        "list-unsubscribe-post", "list-archive", "archived-at", "sender", "precedence", "x-loop", "message-id",
        "dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results",
    }
)  # fmt: skip
# What another server said about its own delivery or its own list, which is not ours to say again.
TAKEN_AWAY = frozenset(
    {
        "return-path", "errors-to", "sender", "precedence", "x-loop", "delivered-to", "authentication-results",
        "x-validation-by", "list-id", "list-post", "list-help", "list-owner", "list-subscribe", "list-unsubscribe",
        "list-unsubscribe-post", "list-archive", "archived-at", "x-mailing-list", "mailing-list",
        "return-receipt-to", "disposition-notification-to",
    }
)  # fmt: skip
_NO_FIELDS = (b" ", b"\t", b"From ", b">From ")


def complaints(came: bytes, went: bytes, *, changed: Collection[str] = ()) -> list[str]:
    """What differs between a message as it came and as it went; nothing where it is unharmed.

    Everything that is the list's stands in front of everything that is the author's, whose fields follow in their order and
    to the octet, then the empty line and the body to the octet. `changed` are further fields, in lower case, that the
    list was told to write in its own way. Line ends are CRLF, whatever they were (RFC 5321, 2.3.8).
    """
    before, after = split_entity(came), split_entity(went)
    kept = [each.raw for each in _own(before) if each.name.lower() not in TAKEN_AWAY | set(changed)]
    there = [each for each in after.fields if each.name.lower() not in changed]
    added, theirs = there[: len(there) - len(kept)], there[len(there) - len(kept) :]
    found: list[str] = []
    if kept != [each.raw for each in theirs]:
        found.append(f"the author's fields: {_first_difference(kept, [each.raw for each in theirs])}")
    if strange := {each.name.lower() for each in added} - OURS:
        found.append(f"fields that nobody asked for: {sorted(strange)}")
    if before.body != after.body:
        found.append(f"the body: {_first_difference([before.body], [after.body])}")
    if _tree(before) != _tree(after):
        found.append("the parts, as a mail program sees them")
    return found


def _own(message: Message) -> tuple[Field, ...]:
    """The author's fields, without a first line that is none: it would continue or end the fields before it."""
    return message.fields[1:] if message.raw.startswith(_NO_FIELDS) else message.fields


def _tree(message: Message) -> list[tuple[str, object]]:
    """Each part's type and raw content, in order, as the standard library reads it."""
    return [
        (part.get_content_type(), None if part.is_multipart() else part.get_payload())
        for part in _parsed(message).walk()
    ]


def _parsed(message: Message) -> Parsed:
    raw = b"".join(field.raw for field in _own(message)) + b"\r\n" + message.body
    return email.message_from_bytes(raw, policy=email.policy.compat32)


def _first_difference(one: list[bytes], other: list[bytes]) -> str:
    for left, right in zip(one, other, strict=False):
        if left != right:
            at = next(
                (n for n, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), None
            )
            where = min(len(left), len(right)) if at is None else at
            return f"at {where}: {left[where : where + 60]!r} became {right[where : where + 60]!r}"
    return f"{len(one)} became {len(other)}"


def complaints_with_footer(came: bytes, went: bytes, footer: str) -> list[str]:
    """The same for a list with a footer: what is signed, encrypted or no text is untouched, a text goes on below."""
    before, after = split_entity(came), split_entity(went)
    if before.body == after.body:
        return complaints(came, went)
    old, new = (
        [part for part in _parsed(each).walk() if not part.is_multipart()] for each in (before, after)
    )
    rest = iter(new)
    found = [
        f"a part of {part.get_content_type()} is not there any more"
        for part in old
        if not any(_goes_on(part, other) for other in rest)
    ]
    if not any(footer in _text(part) for part in new):
        found.append("changed, and without the footer")
    return found


def _goes_on(part: Parsed, other: Parsed) -> bool:
    """Whether `other` is `part`, perhaps with something put in."""
    if part.get_content_type() != other.get_content_type():
        return False
    one, two = _text(part).rstrip(), _text(other).rstrip()
    return _shared(one, two) + _shared(one[::-1], two[::-1]) >= len(one)


def _shared(one: str, two: str) -> int:
    """How many characters both begin with."""
    differs = (at for at, (left, right) in enumerate(zip(one, two, strict=False)) if left != right)
    return next(differs, min(len(one), len(two)))


def _text(part: Parsed) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        text = data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n")
