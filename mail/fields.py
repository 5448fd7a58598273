"""One field of a header section: found as bytes, read as text, written folded and in ASCII."""

import re
from dataclasses import dataclass

from mail import charset, encoded_words
from mail.address import Mailbox, format_mailbox, parse_mailboxes
from mail.errors import BadAddress, UnsafeField

_NAME = re.compile(r"[!-9;-~]{1,76}")
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_LINE_WIDTH = 78
_LINE_LIMIT = 998
_WORD = re.compile(r"[ \t]*[^ \t]+")

# Fields of addresses: only their display names may be encoded (RFC 2047 section 5 rule 3).
_OF_ADDRESSES = frozenset(
    {
        "from",
        "to",
        "cc",
        "bcc",
        "reply-to",
        "sender",
        "resent-from",
        "resent-to",
        "resent-cc",
        "resent-sender",
        "errors-to",
    }
)
# Fields whose whole body is free text, which may therefore be encoded although it is ASCII.
_OF_TEXT = frozenset({"subject", "comments", "thread-topic"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it stands in a message: its name, and all of its bytes with folding and final CRLF.

    A line of the header section that is no field at all is kept under the empty name.
    """

    name: str
    raw: bytes

    @property
    def unfolded(self) -> str:
        """The field body on one line, its encoded words not decoded: what address and parameter readers take."""
        return charset.decode(self._octets(), None)

    @property
    def body(self) -> str:
        """The field body as text for people and rules; never raises and holds no control character (RFC 2047)."""
        return encoded_words.decoded(self.unfolded).strip(" ")

    @property
    def plain(self) -> str:
        """As `unfolded`, with nothing guessed: what is not UTF-8 becomes U+FFFD, which no address may hold."""
        return self._octets().decode("utf-8", "replace")

    def mailboxes(self, *, groups: bool = True) -> list[Mailbox]:
        """Return the mailboxes in the field body; raises BadAddress.

        A guessed charset may show a name, never choose an address: read plainly, the field must say the same ones.
        """
        found = parse_mailboxes(self.unfolded, groups=groups)
        if self.plain != self.unfolded:
            stated = [mailbox.address for mailbox in parse_mailboxes(self.plain, groups=groups)]
            if stated != [mailbox.address for mailbox in found]:
                raise BadAddress("An address is written in a charset that can only be guessed; use UTF-8.")
        return found

    def _octets(self) -> bytes:
        raw = self.raw.partition(b":")[2] if self.name else self.raw
        return raw.replace(b"\r\n", b"").strip(b" \t")


def make_field(name: str, value: str) -> Field:
    """Write a field: non-ASCII text as encoded words, folded at 78 characters where white space allows.

    Addresses keep a UTF-8 local part as it is (RFC 6532), since nothing else can carry it.
    Raises UnsafeField for a line break or control character in `value`, an impossible name, or a line over 998 octets.
    """
    if not _NAME.fullmatch(name):
        raise UnsafeField("A field name holds only printable ASCII characters and no colon.")
    if _CONTROLS.search(value):
        raise UnsafeField("A field may not hold line breaks or control characters.")
    lines = _folded(f"{name}: ", _in_wire_form(name.lower(), value.strip(" \t")))
    raw = "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"
    if any(len(line) > _LINE_LIMIT for line in raw.split(b"\r\n")):
        raise UnsafeField(f"A line of this field would be longer than {_LINE_LIMIT} octets.")
    return Field(name, raw)


def _in_wire_form(name: str, value: str) -> str:
    if name in _OF_ADDRESSES and not value.isascii():
        try:
            return ", ".join(
                format_mailbox(box.display_name, str(box.address)) for box in parse_mailboxes(value)
            )
        except BadAddress as problem:
            raise UnsafeField("This field holds something that is no address.") from problem
    if name in _OF_TEXT:
        too_long = any(len(word) > _LINE_LIMIT - 80 for word in value.split())
        return " ".join(encoded_words.encoded(value)) if too_long else encoded_words.in_ascii(value)
    return value if value.isascii() else encoded_words.in_ascii(value)


def _folded(start: str, value: str) -> list[str]:
    """Break before white space, never leaving a line that holds nothing else (RFC 5322 section 2.2.3)."""
    lines, current = [], start.rstrip(" ")
    for position, word in enumerate(_WORD.findall(" " + value)):
        if position and len(current) + len(word) > _LINE_WIDTH:
            lines.append(current)
            current = word
        else:
            current += word
    return [*lines, current]
