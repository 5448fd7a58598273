"""Whether a signature that holds for a message still holds for the copies that a list makes of it (RFC 6376, section 3.7; row 49)."""

import re
from collections.abc import Collection, Iterable

from delivery.authentication.signature_tags import SignatureTags, Unacceptable, read_tags
from mail.fields import Field
from mail.message import Message

_FOLDS = re.compile(rb"\r\n")
_BLANKS = re.compile(rb"[ \t]+")


def surviving(
    before: Message, after: Message, places: Iterable[int], *, now: int, added: Collection[str] = ()
) -> list[int]:
    """Those of the DKIM-Signature fields at `places` that hold for `after` if they hold for `before`; `now` is in seconds.

    `added` names fields that are put on top of `after` later. The body must be the same to the octet: nothing that a
    list does to one would leave its hash as it was.
    """
    if before.body != after.body:
        return []
    fields = before.fields_named("DKIM-Signature")
    left = {field.raw for field in after.fields_named("DKIM-Signature")}
    names = {name.lower() for name in added}
    return [
        place
        for place in places
        if place < len(fields)
        and fields[place].raw in left
        and _holds(before, after, fields[place], names, now)
    ]


def _holds(before: Message, after: Message, signature: Field, added: set[str], now: int) -> bool:
    try:
        tags = read_tags(signature, now)
    except Unacceptable:
        # It may have run out since.
        return False
    # A name that stands in h= more often than in the message says that no further field of that name came with it.
    if any(tags.covered.count(name) > after.count(name) for name in added & {*tags.covered}):
        return False
    return all(_signed(before, name, tags) == _signed(after, name, tags) for name in {*tags.covered})


def _signed(message: Message, name: str, tags: SignatureTags) -> list[bytes]:
    """The fields of a name that are signed, in the form that is signed: n times in h= means the last n (section 5.4.2)."""
    fields, count = message.fields_named(name), tags.covered.count(name)
    return [_form(field, tags) for field in fields[max(0, len(fields) - count) :]]


def _form(field: Field, tags: SignatureTags) -> bytes:
    """A field as it is hashed: as it stands, or relaxed (RFC 6376, section 3.4.2)."""
    if not tags.has_relaxed_header:
        return field.raw
    name, _, body = field.raw.partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", _FOLDS.sub(b"", body)).strip(b" \t")
