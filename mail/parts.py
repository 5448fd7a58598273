"""The tree of parts inside a message, found in its bytes without building a second message (RFC 2045, 2046)."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from mail import charset, encoded_words
from mail.message import Message, split_entity
from mail.parameters import Parameterised, parse_parameters

# A hostile message can nest and repeat without end; what lies beyond is left as one part.
_MAX_DEPTH = 20
_MAX_CHILDREN = 200
_MAX_PARTS = 1000

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")


@dataclass(frozen=True)
class Part:
    """One MIME entity: a message or a part of one, with what its Content fields say."""

    entity: Message
    inside: str = ""
    default_type: str = "text/plain"
    depth: int = 0

    @cached_property
    def _content_type(self) -> Parameterised:
        fields = self.entity.fields_named("Content-Type")
        return parse_parameters(fields[0].unfolded) if fields else Parameterised(self.default_type, {})

    @cached_property
    def _disposition(self) -> Parameterised:
        fields = self.entity.fields_named("Content-Disposition")
        return parse_parameters(fields[0].unfolded) if fields else Parameterised("", {})

    @property
    def content_type(self) -> str:
        """The media type in lower case; `text/plain` for none or nonsense (RFC 2045 section 5.2)."""
        value = self._content_type.value
        return value if _TYPE.fullmatch(value) else "text/plain"

    def parameter(self, name: str) -> str | None:
        """Return a parameter of the Content-Type."""
        return self._content_type.parameters.get(name)

    @property
    def is_multipart(self) -> bool:
        return self.content_type.startswith("multipart/")

    @property
    def is_attached(self) -> bool:
        """Whether its Content-Disposition asks for it to be shown as an attachment."""
        return self._disposition.value == "attachment"

    @cached_property
    def filename(self) -> str | None:
        """The file name it suggests, without any folder; None when it suggests none."""
        named = self._disposition.parameters.get("filename") or self.parameter("name") or ""
        bare = encoded_words.decoded(named).replace("\\", "/").rpartition("/")[2].strip(" .")
        return bare[:255] or None

    @cached_property
    def content(self) -> bytes:
        """Its body with the transfer encoding undone; damage is passed over."""
        encoding = (self.entity.first("Content-Transfer-Encoding") or "").strip().lower()
        if encoding == "base64":
            return encoded_words.lenient_base64(self.entity.body)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.entity.body)
        return self.entity.body

    @property
    def text(self) -> str:
        """Its body as text with plain newlines, by its declared charset or the best guess; never raises."""
        decoded = charset.decode(self.content, self.parameter("charset"))
        return decoded.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def children(self) -> tuple["Part", ...]:
        """The parts of a multipart, in order; none for a leaf, a broken multipart, or one that lies too deep."""
        boundary = self._content_type.parameters.get("boundary", "")
        if not self.is_multipart or not boundary or self.depth >= _MAX_DEPTH:
            return ()
        default = "message/rfc822" if self.content_type == "multipart/digest" else "text/plain"
        return tuple(
            Part(split_entity(raw), self.content_type, default, self.depth + 1)
            for raw in raw_parts(self.entity.body, boundary.encode("utf-8", "replace"))
        )


def whole(message: Message) -> Part:
    """Return the root of a message's tree of parts."""
    return Part(message)


def leaves(part: Part) -> Iterator[Part]:
    """Go through the parts that hold content, in their order; an attached message is one leaf."""
    waiting, seen = [part], 0
    while waiting and seen < _MAX_PARTS:
        current = waiting.pop()
        seen += 1
        children = current.children
        if children:
            waiting.extend(reversed(children))
        else:
            yield current


def raw_parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Cut a multipart's body at its delimiter lines; a missing last delimiter is forgiven (RFC 2046 section 5.1.1)."""
    delimiter = re.compile(rb"(?:\A|\r\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r\n|\Z)")
    start, found = -1, 0
    for match in delimiter.finditer(body):
        if start >= 0:
            yield body[start : match.start()]
            found += 1
        start = min(match.end() + 2, len(body))
        if match[1] or found >= _MAX_CHILDREN:
            return
    if start >= 0:
        yield body[start:]
