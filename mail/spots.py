"""A place in the bytes of a message where text is put later, written in the transfer encoding and charset that hold there.

Everything that can be known once for all recipients is in the `Spot`; writing a text into it takes no look at the message.
"""

import base64
import re
from dataclasses import dataclass
from email import quoprimime

_LINE_LIMIT = 998
_LINE = 76


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a text goes: before the octet at `offset`.

    `before` and `after` are line ends around the text, `lead` and `tail` octets around what is written. In base64, `left`
    and `right` are octets of groups that were cut open, and `goes_on` says that more base64 follows (RFC 2045, 6.8). `is_whole`: the text is the part's own, and
    its lines stay as they are.
    """

    offset: int
    is_header: bool
    is_html: bool
    encoding: str
    charset: str
    is_flowed: bool = False
    before: str = ""
    after: str = ""
    lead: bytes = b""
    tail: bytes = b""
    left: bytes = b""
    right: bytes = b""
    goes_on: bool = False
    is_whole: bool = False


def written(spot: Spot, text: str) -> bytes:
    """The octets that go to the spot for this text, whose line ends are newlines; a letter that the charset lacks is a `?`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not (spot.is_html or spot.is_whole):
        lines = [_fixed(line) if spot.is_flowed else _unpadded(line) for line in lines]
    whole = spot.before + "\r\n".join(lines) + spot.after
    octets = whole.encode(spot.charset, "xmlcharrefreplace" if spot.is_html else "replace")
    if spot.encoding == "base64":
        octets = _base64(spot, octets)
    elif spot.encoding == "quoted-printable":
        octets = quoted(octets)
    elif len(octets) > _LINE_LIMIT:
        octets = _folded(octets)
    return spot.lead + octets + spot.tail if spot.lead or spot.tail else octets


def quoted(octets: bytes) -> bytes:
    """Text with CRLF line ends as quoted-printable, with the same line ends (RFC 2045, section 6.7)."""
    latin = octets.decode("latin-1").replace("\r\n", "\n")
    return quoprimime.body_encode(latin, _LINE, "\r\n").encode("ascii")


def _unpadded(line: str) -> str:
    return line.rstrip(" \t") if line != "-- " else line


def _fixed(line: str) -> str:
    """A line of format=flowed that goes on nowhere and is no quotation (RFC 3676, sections 4.2 to 4.4)."""
    if line == "-- ":
        return line
    bare = line.rstrip(" \t")
    return f" {bare}" if bare.startswith((" ", ">", "From ")) else bare


def _folded(octets: bytes) -> bytes:
    """No line longer than SMTP takes; cut at white space where there is any (RFC 5321, section 4.5.3.1.6)."""
    lines = []
    for line in octets.split(b"\r\n"):
        rest = line
        while len(rest) > _LINE_LIMIT:
            # Never inside a character of UTF-8.
            place = rest.rfind(b" ", 1, _LINE_LIMIT) if b" " in rest[1:_LINE_LIMIT] else _whole(rest)
            lines.append(rest[:place])
            rest = rest[place:]
        lines.append(rest)
    return b"\r\n".join(lines)


def _whole(line: bytes) -> int:
    place = _LINE_LIMIT
    while place > _LINE_LIMIT - 4 and line[place] & 0xC0 == 0x80:
        place -= 1
    return place


def _base64(spot: Spot, octets: bytes) -> bytes:
    whole = spot.left + octets
    if spot.goes_on:
        # What follows stays as it is, so groups of three have to come out even: line ends and spaces do no harm.
        while (len(whole) + len(spot.right)) % 3:
            whole += b" " if spot.is_html else b"\r\n"
    encoded = base64.b64encode(whole + spot.right)
    return re.sub(rb"(.{76})(?=.)", rb"\1\r\n", encoded)
