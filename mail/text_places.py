"""Where text is added inside of a text part: above or below plain text, inside of the body of HTML."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mail import charset
from mail.entities import Entity
from mail.spots import Spot

_CHARSET = re.compile(rb"""(;\s*charset\s*=\s*)(?:"[^"]*"|[^\s;]+)""", re.IGNORECASE)
_GROUPS = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_STATEFUL = ("iso2022", "hz")
_SOFT = rb"(?:=\r\n)?"


@dataclass(frozen=True, slots=True)
class Addition:
    """A text for the top or the bottom; `plain` is what it says, or a sample of it where `is_open`.

    `is_open`: what it says depends on the recipient and may hold any letter.
    """

    is_header: bool
    plain: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """At `offset`, `cut` octets go; `octets` come, and then what the spot will say."""

    offset: int
    cut: int
    octets: bytes
    spot: Spot | None = None
    needs_eight_bit: bool = False


def text_edits(leaf: Entity, additions: Sequence[Addition], *, is_whole: bool) -> list[Edit] | None:
    """The changes that put the additions into a text part; None where it cannot hold them.

    `is_whole`: the part is the message itself, so its text ends with a line end.
    """
    codec = charset.writable(leaf.part.parameter("charset") or "us-ascii")
    content = _content(leaf)
    if codec is None or content is None:
        return None
    if leaf.content_type == "text/html":
        return _html_edits(leaf, additions, content, codec)
    target = _target(codec, content, additions)
    if target is None or (target.startswith(_STATEFUL) and _escaped(content, len(content))):
        return None
    edits = _charset_edits(leaf, codec, target)
    is_raw = leaf.encoding in ("7bit", "8bit", "binary")
    eight = is_raw and not target.startswith(_STATEFUL) and any(_eight(each) for each in additions)
    if eight and leaf.encoding == "7bit":
        edits += _encoding_edits(leaf)
    for each in additions:
        found = _above(leaf, target) if each.is_header else _below(leaf, content, target, is_whole)
        edits.append(found)
    return [Edit(e.offset, e.cut, e.octets, e.spot, eight) for e in edits]


def body_edits(leaf: Entity) -> list[Edit]:
    """The changes that leave of a text part an empty one in UTF-8, with a spot for the whole of its text."""
    spot = Spot(leaf.body, False, False, "quoted-printable", "utf-8", is_whole=True)
    return [
        *_charset_edits(leaf, "", "utf-8"),
        *_encoding_edits(leaf, b"quoted-printable"),
        Edit(leaf.body, leaf.end - leaf.body, b"", spot),
    ]


def _eight(addition: Addition) -> bool:
    return addition.is_open or not addition.plain.isascii()


def _content(leaf: Entity) -> bytes | None:
    """The part with its transfer encoding undone; None for damage or an encoding that nobody knows."""
    match leaf.encoding:
        case "7bit" | "8bit" | "binary":
            return leaf.octets
        case "quoted-printable":
            return leaf.part.content
        case "base64":
            groups = b"".join(leaf.octets.split())
            if len(groups) % 4 or (groups and not _GROUPS.fullmatch(groups)):
                return None
            return base64.b64decode(groups)
        case _:
            return None


def _target(codec: str, content: bytes, additions: Sequence[Addition]) -> str | None:
    """The codec in which all additions can be written beside this content; UTF-8 may take the place of ASCII."""
    if all(not _eight(each) for each in additions):
        return codec
    if codec in ("ascii", "utf-8") and _is(content, codec):
        return "utf-8"
    if any(each.is_open for each in additions) or not _is(content, codec):
        return None
    return codec if all(_holds(codec, each.plain) for each in additions) else None


def _is(content: bytes, codec: str) -> bool:
    try:
        content.decode(codec)
    except ValueError:
        return False
    return True


def _holds(codec: str, text: str) -> bool:
    try:
        text.encode(codec)
    except ValueError:
        return False
    return True


def _escaped(content: bytes, place: int) -> bool:
    """Whether a charset that changes its alphabet by escapes is not in ASCII there (RFC 1468)."""
    last = content.rfind(b"\x1b", 0, place)
    return (last >= 0 and content[last + 1 : last + 3] not in (b"(B", b"(J")) or content.rfind(
        b"~{", 0, place
    ) > content.rfind(b"~}", 0, place)


def _charset_edits(leaf: Entity, codec: str, target: str) -> list[Edit]:
    if codec == target:
        return []
    for place, field in leaf.fields():
        if field.name.lower() == "content-type":
            raw, count = _CHARSET.subn(rb"\g<1>utf-8", field.raw, count=1)
            if not count:
                raw = field.raw.removesuffix(b"\r\n") + b"; charset=utf-8\r\n"
            return [Edit(place, len(field.raw), raw)]
    version = b"" if leaf.depth or leaf.part.entity.count("MIME-Version") else b"MIME-Version: 1.0\r\n"
    return [Edit(leaf.body - 2, 0, version + b"Content-Type: text/plain; charset=utf-8\r\n")]


def _encoding_edits(leaf: Entity, encoding: bytes = b"8bit") -> list[Edit]:
    said = b"Content-Transfer-Encoding: " + encoding + b"\r\n"
    for place, field in leaf.fields():
        if field.name.lower() == "content-transfer-encoding":
            return [Edit(place, len(field.raw), said)]
    return [Edit(leaf.body - 2, 0, said)]


def _is_flowed(leaf: Entity) -> bool:
    return (leaf.part.parameter("format") or "").lower() == "flowed"


def _above(leaf: Entity, codec: str) -> Edit:
    encoding = _way(leaf)
    is_base64 = encoding == "base64"
    spot = Spot(
        leaf.body,
        True,
        False,
        encoding,
        codec,
        is_flowed=_is_flowed(leaf),
        after="\r\n\r\n",
        tail=b"\r\n" if is_base64 else b"",
        goes_on=is_base64,
    )
    return Edit(leaf.body, 0, b"", spot)


def _below(leaf: Entity, content: bytes, codec: str, is_whole: bool) -> Edit:
    """After an empty line; a flowed last line would take that line for its own end (RFC 3676, section 4.1)."""
    ends = not content or content.endswith(b"\n")
    before = "" if not content else "\r\n" if ends else "\r\n\r\n"
    last = content.rstrip(b"\r\n").rpartition(b"\n")[2]
    if _is_flowed(leaf) and last.endswith(b" ") and last != b"-- ":
        before += "\r\n"
    after = "\r\n" if ends or is_whole else ""
    way = _way(leaf)
    if way == "base64":
        return _below_base64(
            leaf, content, Spot(0, False, False, way, codec, _is_flowed(leaf), before, after)
        )
    lead = b""
    if way == "quoted-printable" and leaf.octets.endswith(b"="):
        # A soft line break that the end of the part cut off.
        lead = b"\r\n"
    spot = Spot(leaf.end, False, False, way, codec, _is_flowed(leaf), before, after, lead=lead)
    return Edit(leaf.end, 0, b"", spot)


def _below_base64(leaf: Entity, content: bytes, spot: Spot) -> Edit:
    """In the place of the last group, where it is not full."""
    left = content[len(content) - len(content) % 3 :]
    return _cut_open(leaf, len(content) - len(left), left, b"", spot, is_end=True)


def _way(leaf: Entity) -> str:
    return leaf.encoding if leaf.encoding in ("base64", "quoted-printable") else "8bit"


def _html_edits(leaf: Entity, additions: Sequence[Addition], content: bytes, codec: str) -> list[Edit] | None:
    """Before the end of the body, or after its beginning; letters go as references, which any charset can hold."""
    edits = []
    for each in additions:
        is_quoted = leaf.encoding == "quoted-printable"
        octets = leaf.octets if is_quoted else content
        place = _after_body(octets, is_quoted) if each.is_header else _before_end(octets, is_quoted)
        if codec.startswith(_STATEFUL) and _escaped(octets, place):
            return None
        spot = Spot(0, each.is_header, True, _way(leaf), "ascii", before="\r\n", after="\r\n")
        if leaf.encoding == "base64":
            edges = place - place % 3
            left, right = content[edges:place], content[place : edges + 3]
            edits.append(_cut_open(leaf, edges, left, right, spot, is_end=edges + 3 > len(content)))
            continue
        begun = is_quoted and octets[:place].endswith(b"=")
        whole = Spot(0, each.is_header, True, spot.encoding, "ascii", lead=b"\r\n" if begun else b"",
                     before="\r\n", after="\r\n")  # fmt: skip
        edits.append(Edit(leaf.body + place, 0, b"", whole))
    return edits


def _before_end(octets: bytes, is_quoted: bool) -> int:
    for tag in (b"</body", b"</html"):
        found = [*_tag(tag, is_quoted).finditer(octets)]
        if found:
            return found[-1].start()
    return len(octets)


def _after_body(octets: bytes, is_quoted: bool) -> int:
    for tag in (b"<body", b"</head", b"<html"):
        found = re.search(
            _tag(tag, is_quoted).pattern + rb"""(?:"[^"]*"|'[^']*'|[^>"'])*>""", octets, re.IGNORECASE
        )
        if found:
            return found.end()
    return 0


def _tag(tag: bytes, is_quoted: bool) -> re.Pattern[bytes]:
    between = _SOFT if is_quoted else b""
    letters = between.join(re.escape(tag[place : place + 1]) for place in range(len(tag)))
    return re.compile(letters + rb"(?=[\s>=])", re.IGNORECASE)


def _cut_open(
    leaf: Entity, octets_before: int, left: bytes, right: bytes, spot: Spot, *, is_end: bool
) -> Edit:
    """A spot between two groups of base64, or in the place of one that is cut open."""
    begin = _place_of(leaf.octets, octets_before // 3 * 4)
    cut = _place_of(leaf.octets, octets_before // 3 * 4 + 4, is_after=True) - begin if left or right else 0
    starts_line = begin == 0 or leaf.octets[begin - 1 : begin] == b"\n"
    made = Spot(
        leaf.body + begin,
        spot.is_header,
        spot.is_html,
        "base64",
        spot.charset,
        spot.is_flowed,
        spot.before,
        spot.after,
        lead=b"" if starts_line else b"\r\n",
        tail=b"" if is_end else b"\r\n",
        left=left,
        right=right,
        goes_on=not is_end,
    )
    return Edit(made.offset, cut, b"", made)


def _place_of(octets: bytes, number: int, *, is_after: bool = False) -> int:
    """Where the letter of that number stands among the line breaks; with `is_after`, the place after the one before it."""
    counted = 0
    wanted = number - 1 if is_after else number
    end = 0
    for match in re.finditer(rb"[A-Za-z0-9+/=]+", octets):
        if counted + len(match[0]) > wanted:
            return match.start() + wanted - counted + (1 if is_after else 0)
        counted += len(match[0])
        end = match.end()
    return end
