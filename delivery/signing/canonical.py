"""The relaxed form of header fields and bodies, in which signatures see them (RFC 6376, section 3.4)."""

import hashlib
import re
from collections.abc import Sequence

_SPACES = re.compile(rb"[ \t]+")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_NAME = re.compile(rb"[!-9;-~]+")
_BLANK = b" \t\r\n"


def relaxed_field(field: bytes) -> bytes:
    """One header field in relaxed form (section 3.4.2): name in small letters, unfolded, single spaces, with CRLF."""
    name, _, value = field.partition(b":")
    plain = value.replace(b"\r\n", b"")
    if b"  " in plain or b"\t" in plain:
        plain = _SPACES.sub(b" ", plain)
    plain = plain.strip(b" ")
    return name.rstrip(b" \t").lower() + b":" + plain + b"\r\n"


def name_of(field: bytes) -> str:
    """The name of a header field in small letters; "" for a line that is none."""
    name = field.partition(b":")[0].rstrip(b" \t")
    if len(name) == len(field) or not _NAME.fullmatch(name):
        return ""
    return name.decode("ascii").lower()


def split_fields(head: bytes) -> list[bytes]:
    """The header fields of a head, folded as they are, each with its CRLF."""
    return [each + b"\r\n" for each in _FIELD_END.split(head) if each]


class BodyHash:
    """The SHA-256 of a body in relaxed form (RFC 6376, 3.4.4), fed in pieces; a copy of its state is cheap.

    A body that does not end with CRLF is hashed as if it did: so it will travel.
    """

    __slots__ = ("_has_begun", "_hash", "_held")

    def __init__(
        self, hashed: "hashlib._Hash | None" = None, held: Sequence[bytes] = (), *, has_begun: bool = False
    ) -> None:
        self._hash = hashed or hashlib.sha256()
        # The white space and line ends that came last: what becomes of them depends on what follows.
        self._held = [*held]
        self._has_begun = has_begun

    def update(self, octets: bytes) -> None:
        """Take further octets of the body in: lines that end with CRLF, not dot-stuffed."""
        text = octets.rstrip(_BLANK)
        if not text:
            self._held.append(octets)
            return
        tail = octets[len(text) :]
        if self._held:
            text = b"".join(self._held) + text
        self._hash.update(_relaxed(text))
        self._has_begun = True
        self._held = [tail] if tail else []

    def copy(self) -> "BodyHash":
        """The same state, to go on from independently."""
        return BodyHash(self._hash.copy(), self._held, has_begun=self._has_begun)

    def digest(self) -> bytes:
        """The hash of what has been fed so far as the whole body: 32 octets."""
        whole, held = self._hash.copy(), b"".join(self._held)
        ended = _without_blank_lines(_relaxed(held if held.endswith(b"\r\n") else held + b"\r\n"))
        if ended or self._has_begun:
            whole.update(ended + b"\r\n")
        return whole.digest()


def body_digest(body: bytes) -> bytes:
    """The hash of a whole body: 32 octets."""
    hashed = BodyHash()
    hashed.update(body)
    return hashed.digest()


def _relaxed(text: bytes) -> bytes:
    """Runs of white space made one space, and none left at the ends of lines; in time that grows with the length alone."""
    if b"\t" in text or b"  " in text:
        text = _SPACES.sub(b" ", text)
    return text.replace(b" \r\n", b"\r\n") if b" \r\n" in text else text


def _without_blank_lines(text: bytes) -> bytes:
    """What is before the line ends that a text ends with."""
    end = len(text)
    while text.endswith(b"\r\n", 0, end):
        end -= 2
    return text[:end]
