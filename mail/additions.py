"""Where a header and a footer go in a message, part by part, so that every octet that need not change stays (RFC 2045 to 2049).

A message is planned once: its bytes get what is the same for everybody, such as the delimiter of a new part, and a `Spot`
for each text. What is signed or encrypted as a whole, and what cannot be read in one way only, is left as it is.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mail.entities import Entity, entity
from mail.message import Message
from mail.parts import leaves, whole
from mail.spots import Spot
from mail.text_places import Addition, Edit, text_edits

_PROTECTED = frozenset(
    {
        "multipart/signed",
        "multipart/encrypted",
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        "application/pgp-encrypted",
        # A piece of a message, or none at all.
        "message/partial",
        "message/external-body",
    }
)
_PGP = re.compile(rb"^-----BEGIN PGP (?:SIGNED )?MESSAGE-----", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Planned:
    """The bytes that all recipients share, and the places in them for texts, in order."""

    raw: bytes
    spots: tuple[Spot, ...]


def planned(message: Message, additions: Sequence[Addition]) -> Planned | None:
    """The message with room for the additions; None where it has to stay as it is."""
    root = entity(message.raw, 0, len(message.raw))
    if root is None or not root.is_clear or is_protected(message):
        return None
    edits = _edits(root, additions)
    return None if edits is None else applied(message.raw, edits)


def is_protected(message: Message) -> bool:
    """Whether it is signed or encrypted as a whole, so that any change breaks it (RFC 1847, 8551, 3156, 9580)."""
    root = whole(message)
    if root.content_type in _PROTECTED:
        return True
    texts = (part for part in leaves(root) if part.content_type.startswith("text/"))
    return any(_PGP.search(part.content) for part in texts)


def _edits(root: Entity, additions: Sequence[Addition]) -> list[Edit] | None:
    if root.content_type == "multipart/mixed":
        return _new_parts(root, additions)
    if root.part.is_multipart and not root.delimiters:
        return None
    if root.content_type in ("multipart/alternative", "multipart/related"):
        found = _in_variants(root, additions)
    elif root.content_type in ("text/plain", "text/html") and not root.part.is_attached:
        found = text_edits(root, additions, is_whole=True)
    else:
        found = None
    return found if found and _apart(found) else _wrapped(root, additions)


def _apart(edits: Sequence[Edit]) -> bool:
    """Whether no two changes touch the same octets."""
    placed = sorted(edits, key=lambda edit: edit.offset)
    spots = [edit.offset for edit in placed if edit.spot is not None]
    return len(spots) == len(set(spots)) and all(
        one.offset + one.cut <= other.offset for one, other in pairwise(placed)
    )


def _in_variants(parent: Entity, additions: Sequence[Addition]) -> list[Edit] | None:
    """The additions in each variant that shows text; None where one of them cannot take them."""
    children = parent.children[:1] if parent.content_type == "multipart/related" else parent.children
    if parent.content_type == "multipart/mixed":
        # The text of a variant that brings its attachments along comes first.
        children = parent.children[:1]
    edits: list[Edit] = []
    for child in children:
        found: list[Edit] | None = []
        if not child.is_clear:
            return None
        if child.content_type in ("text/plain", "text/html") and not child.part.is_attached:
            found = text_edits(child, additions, is_whole=False)
        elif child.content_type in ("multipart/alternative", "multipart/related", "multipart/mixed"):
            found = _in_variants(child, additions)
        if found is None:
            return None
        edits += found
    if any(edit.needs_eight_bit for edit in edits):
        edits += _eight_bit(parent)
    return edits or None


def _eight_bit(parent: Entity) -> list[Edit]:
    """A multipart says eight bits where a part of it has them (RFC 2045, section 6.4)."""
    return [
        Edit(place, len(field.raw), b"Content-Transfer-Encoding: 8bit\r\n")
        for place, field in parent.fields()
        if field.name.lower() == "content-transfer-encoding" and parent.encoding == "7bit"
    ]


def _new_parts(root: Entity, additions: Sequence[Addition]) -> list[Edit] | None:
    """A text part before the first one, or after the last."""
    if not root.delimiters:
        return None
    boundary = (root.part.parameter("boundary") or "").encode("ascii")
    first, last = root.delimiters[0][0], root.delimiters[-1][0]
    edits = []
    for each in additions:
        if each.is_header:
            # The line break before a delimiter is its own.
            begin = first if first == root.body and not root.octets.startswith(b"\r\n") else first + 2
            edits += _part(each, begin, b"--" + boundary + b"\r\n", b"\r\n")
        else:
            edits += _part(each, last, b"\r\n--" + boundary + b"\r\n", b"")
    return edits


def _part(addition: Addition, offset: int, lead: bytes, tail: bytes) -> list[Edit]:
    if addition.is_open or not addition.plain.isascii():
        head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        spot = Spot(offset, addition.is_header, False, "quoted-printable", "utf-8")
    else:
        head = b"Content-Type: text/plain; charset=us-ascii\r\n"
        spot = Spot(offset, addition.is_header, False, "8bit", "ascii")
    head += b"Content-Disposition: inline\r\n\r\n"
    return [Edit(offset, 0, b"", replace(spot, lead=lead + head, tail=tail))]


def _wrapped(root: Entity, additions: Sequence[Addition]) -> list[Edit]:
    """All of it becomes the one part of a new multipart/mixed that has the additions beside it."""
    boundary = b"=_" + secrets.token_hex(16).encode("ascii")
    inner, edits, has_version = b"", [], False
    for place, field in root.fields():
        has_version = has_version or field.name.lower() == "mime-version"
        if field.name.lower().startswith("content-"):
            inner += field.raw
            edits.append(Edit(place, len(field.raw), b""))
    outer = b"" if has_version else b"MIME-Version: 1.0\r\n"
    outer += b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n'
    if not root.octets.isascii() or root.encoding in ("8bit", "binary"):
        kind = b"binary" if root.encoding == "binary" else b"8bit"
        outer += b"Content-Transfer-Encoding: " + kind + b"\r\n"
    edits.append(Edit(root.body - 2, 0, outer))
    delimiter = b"--" + boundary
    above = delimiter + b"\r\n" + inner + b"\r\n"
    for each in additions:
        if each.is_header:
            edits += _part(each, root.body, delimiter + b"\r\n", b"\r\n")
    edits.append(Edit(root.body, 0, above))
    for each in additions:
        if not each.is_header:
            edits += _part(each, root.end, b"\r\n" + delimiter + b"\r\n", b"")
    return [*edits, Edit(root.end, 0, b"\r\n" + delimiter + b"--\r\n")]


def applied(raw: bytes, edits: Sequence[Edit]) -> Planned:
    """The bytes with each change made, and the spots at their new places; changes at one place keep their order."""
    pieces: list[bytes] = []
    spots: list[Spot] = []
    place = size = 0
    for edit in sorted(edits, key=lambda each: each.offset):
        for piece in (raw[place : edit.offset], edit.octets):
            pieces.append(piece)
            size += len(piece)
        place = edit.offset + edit.cut
        if edit.spot is not None:
            spots.append(replace(edit.spot, offset=size))
    pieces.append(raw[place:])
    return Planned(b"".join(pieces), tuple(spots))
