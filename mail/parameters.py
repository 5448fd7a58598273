"""`value; name=value` fields such as Content-Type, with their quoted, continued and encoded parameters (RFC 2045, 2231)."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mail import charset, encoded_words

_PARAMETER = re.compile(r""";\s*+([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*)"?|([^;]*))""", re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_COMMENT = re.compile(r"\([^()]*\)")
_NAME = re.compile(r"([^*]+)(?:\*(\d{1,2}))?(\*)?", re.ASCII)
_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Parameterised:
    """A value in lower case, and its parameters by lower-case name, decoded."""

    value: str
    parameters: dict[str, str]


def parse_parameters(unfolded: str) -> Parameterised:
    """Read an unfolded field body; what cannot be read is left out, and nothing is ever raised."""
    text = unfolded[:_LIMIT]
    head, semicolon, rest = text.partition(";")
    value = _COMMENT.sub("", head).strip().lower()
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for match in _PARAMETER.finditer(semicolon + rest):
        name = _NAME.fullmatch(match[1].lower())
        if name is None:
            continue
        written = _QUOTED_PAIR.sub(r"\1", match[2]) if match[2] is not None else match[3].strip()
        if name[2] is None and name[3] is None:
            plain.setdefault(name[1], encoded_words.decoded(written))
        else:
            sections.setdefault(name[1], {}).setdefault(int(name[2] or 0), (name[3] is not None, written))
    # The extended form wins over the plain one that old readers get beside it (RFC 5987 section 3.2.1, RFC 6266).
    return Parameterised(value, plain | {name: _joined(parts) for name, parts in sections.items()})


def _joined(parts: dict[int, tuple[bool, str]]) -> str:
    """Put the sections of one parameter together; the first may name the charset (RFC 2231 section 4.1)."""
    named, raw = "", b""
    for position, number in enumerate(sorted(parts)):
        is_encoded, text = parts[number]
        if is_encoded and position == 0 and text.count("'") >= 2:
            named, _, text = text.split("'", 2)
        raw += unquote_to_bytes(text) if is_encoded else text.encode("utf-8", "replace")
    return encoded_words.without_controls(charset.decode(raw, named or None))
