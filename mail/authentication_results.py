"""What our own mail server found out about a message's origin (Authentication-Results, RFC 8601)."""

import re
from dataclasses import dataclass, field

from mail.message import Message

_TOKEN = re.compile(
    r"""(?P<space>\s++)
      | "(?P<quoted>(?:[^"\\]|\\.)*+)"
      | (?P<semicolon>;)
      | (?P<equals>=)
      | (?P<word>[^\s;="()]++)""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class AuthResult:
    """One method's result, both in lower case, with its properties such as `header.d` and `smtp.mailfrom`."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


def parse_authentication_results(message: Message, authserv_id: str) -> list[AuthResult]:
    """Return the results stated under exactly that authserv-id, top field first; never raises.

    Everyone can write this field, so the border mail server must remove those that come in under its own name
    (RFC 8601 section 5); all other names are ignored here. A field that cannot be read says nothing. An empty
    `authserv_id` trusts nobody.
    """
    wanted = authserv_id.strip().rstrip(".").lower()
    if not wanted:
        return []
    results: list[AuthResult] = []
    for stated in message.fields_named("Authentication-Results"):
        sections = _sections(stated.unfolded[:_LIMIT])
        if sections and _is_from(sections[0], wanted):
            results += [result for section in sections[1:] if (result := _result(section)) is not None]
    return results


def _is_from(section: list[str], wanted: str) -> bool:
    """Whether a field begins with our name, and perhaps the version 1."""
    return bool(section) and section[0].rstrip(".").lower() == wanted and section[1:] in ([], ["1"])


def _sections(text: str) -> list[list[str]]:
    """Cut a field body at its semicolons into words and `=`; empty when it cannot be read."""
    sections: list[list[str]] = [[]]
    position = 0
    while position < len(text):
        if text[position] == "(":
            position = _after_comment(text, position)
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            return []
        position = match.end()
        if match.lastgroup == "semicolon":
            sections.append([])
        elif match.lastgroup == "quoted":
            sections[-1].append(_QUOTED_PAIR.sub(r"\1", match["quoted"]))
        elif match.lastgroup != "space":
            sections[-1].append(match[0])
    return sections


def _after_comment(text: str, position: int) -> int:
    depth = 0
    while position < len(text):
        letter = text[position]
        position += 2 if letter == "\\" else 1
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            break
    return position


def _result(section: list[str]) -> AuthResult | None:
    """Read `method[/version]=result reason=… ptype.property=value …`."""
    pairs = _pairs(section)
    if not pairs:
        return None
    method, result = pairs[0]
    properties: dict[str, str] = {}
    for name, value in pairs[1:]:
        # A property said twice is a trick or a mistake; the first one stands.
        properties.setdefault(name.lower(), value)
    return AuthResult(method.partition("/")[0].lower(), result.lower(), properties)


def _pairs(section: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for position in range(1, len(section) - 1):
        if section[position] == "=":
            pairs.append((section[position - 1], section[position + 1]))
    return pairs
