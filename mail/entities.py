"""The tree of parts with the place of each in the bytes, for those who change a message without writing it anew."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mail.fields import Field
from mail.message import split_entity
from mail.parts import Part

_MAX_CHILDREN = 200
_MAX_DEPTH = 10
# What may follow the boundary in a delimiter line.
_REST = re.compile(rb"(--)?[ \t]*(?:\r\n|\Z)")


@dataclass(frozen=True)
class Entity:
    """One MIME entity in `raw[start:end]`; its body begins at `body`."""

    raw: bytes
    start: int
    body: int
    end: int
    part: Part
    depth: int = 0

    @property
    def content_type(self) -> str:
        return self.part.content_type

    @property
    def encoding(self) -> str:
        """Its transfer encoding in lower case; 7bit where none is said (RFC 2045, section 6.1)."""
        return (self.part.entity.first("Content-Transfer-Encoding") or "7bit").strip().lower()

    @cached_property
    def octets(self) -> bytes:
        """Its body as it stands there."""
        return self.raw[self.body : self.end]

    @property
    def is_clear(self) -> bool:
        """Whether its fields can be read in one way only."""
        head = self.part.entity
        return all(head.count(name) <= 1 for name in ("Content-Type", "Content-Transfer-Encoding"))

    def fields(self) -> Iterator[tuple[int, Field]]:
        """Its fields with their places."""
        place = self.start
        for field in self.part.entity.fields:
            yield place, field
            place += len(field.raw)

    @cached_property
    def delimiters(self) -> list[tuple[int, int]]:
        """Begin (with its line break) and end of each delimiter line of a multipart, the closing one last.

        Nothing where one of both ends is missing: such a message says nothing for sure (RFC 2046, section 5.1.1).
        """
        boundary = self.part.parameter("boundary") or ""
        if not boundary or not boundary.isascii() or self.encoding not in ("7bit", "8bit", "binary"):
            return []
        mark, octets = b"--" + boundary.encode("ascii"), self.octets
        found: list[tuple[int, int]] = []
        place = octets.find(mark)
        while place >= 0 and len(found) <= _MAX_CHILDREN:
            rest = _REST.match(octets, place + len(mark))
            if rest is not None and octets[max(0, place - 2) : place] in (b"", b"\r\n"):
                found.append((self.body + max(0, place - 2), self.body + rest.end()))
                if rest[1]:
                    return found if len(found) > 1 else []
            place = octets.find(mark, place + len(mark))
        return []

    @cached_property
    def children(self) -> list["Entity"]:
        """The parts of a multipart; none for a leaf or a broken one."""
        if not self.part.is_multipart or self.depth >= _MAX_DEPTH:
            return []
        pairs = zip(self.delimiters, self.delimiters[1:], strict=False)
        spans = [(begin[1], max(begin[1], end[0])) for begin, end in pairs]
        default = "message/rfc822" if self.content_type == "multipart/digest" else "text/plain"
        found = [entity(self.raw, start, end, self.depth + 1, default) for start, end in spans]
        return [each for each in found if each is not None] if None not in found else []


def entity(raw: bytes, start: int, end: int, depth: int = 0, default: str = "text/plain") -> Entity | None:
    """The entity in those bytes; None where its head has no end or a line that is no field."""
    octets = raw[start:end]
    message = split_entity(octets)
    if message.raw != octets or any(not field.name for field in message.fields):
        return None
    return Entity(raw, start, end - len(message.body), end, Part(message, default_type=default), depth)
