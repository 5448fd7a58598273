"""Which header fields a signature covers, and in which order (RFC 6376, sections 5.4 and 5.4.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from delivery.signing.canonical import name_of, relaxed_field, split_fields

_ALWAYS = frozenset(
    [
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "archived-at",
    ]
)
_LIST = "list-"
# Named once more than they are there, so that nobody can add another one: no honest mail server adds these …
_NEVER_TWICE = ("from", "subject", "reply-to", "cc")
# … and these only to a message that has none.
_NEVER_A_SECOND = ("to", "date", "message-id")


class BadOwnFields(ValueError):
    """A copy's own fields are not what its delivery was prepared for, or are no header fields."""

    code = "BAD_OWN_FIELDS"


def is_covered(name: str) -> bool:
    """Whether a field of this name, in small letters, is signed."""
    return name in _ALWAYS or name.startswith(_LIST)


@dataclass(frozen=True, slots=True)
class Covered:
    """The constant fields that are signed: their names and relaxed forms in signing order, and the names for `h=`.

    `own` are the names of the fields that each copy brings, `again` those that are named once more.
    """

    names: tuple[str, ...]
    relaxed: bytes
    own: tuple[str, ...]
    again: tuple[str, ...]

    def own_relaxed(self, lines: bytes) -> bytes:
        """A copy's own fields in relaxed form and signing order; one that it lacks counts as absent (section 5.4).

        Raises BadOwnFields for a field that was not announced or comes twice, and for octets that could be taken for an
        end of line or of the head.
        """
        if not lines:
            return b""
        ends = lines.count(b"\r\n")
        is_split = lines.count(b"\n") != ends or lines.count(b"\r") != ends or b"\0" in lines
        if is_split or not lines.endswith(b"\r\n") or lines.startswith((b"\r\n", b" ", b"\t")):
            raise BadOwnFields(lines)
        if b"\r\n\r\n" in lines:
            raise BadOwnFields(lines)
        found: dict[str, bytes] = {}
        for field in split_fields(lines[:-2]):
            name = name_of(field)
            if name not in self.own or name in found:
                raise BadOwnFields(name)
            found[name] = relaxed_field(field)
        return b"".join(found.get(name, b"") for name in self.own)


def covered(fields: Sequence[bytes], own_names: Iterable[str]) -> Covered:
    """What is signed of a message with these constant fields, whose copies bring fields of these names before them."""
    constant = [(name, field) for field in reversed(fields) if is_covered(name := name_of(field))]
    own = tuple(dict.fromkeys(name.lower() for name in own_names))
    names = tuple(name for name, _ in constant)
    present = {*names, *own}
    again = _NEVER_TWICE + tuple(name for name in _NEVER_A_SECOND if name in present)
    return Covered(names, b"".join(relaxed_field(field) for _, field in constant), own, again)


def only(fields: Sequence[bytes], name: str) -> list[bytes]:
    """The fields of one name, as a signature takes them: the lowest first."""
    return [field for field in reversed(fields) if name_of(field) == name]
