"""What our own mail server found out about a message's origin (Authentication-Results, RFC 8601)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mail.message import Message

# What a field body is made of, as far as a semicolon or comment must be told from one inside quotes.
_PIECE = re.compile(r'(?P<plain>(?:[^";(]|"(?:[^"\\]|\\.)*+")++)|(?P<semicolon>;)|(?P<comment>\()', re.DOTALL)
# A value reaches to the next white space: it may hold "=", and must not pass for the next property.
_PAIR = re.compile(r'\s*+([^\s="]++)\s*+=\s*+((?:[^\s"]|"(?:[^"\\]|\\.)*+")++)(?=\s|\Z)', re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_LIMIT = 20_000
_KEYWORD = re.compile(r"[a-z][a-z0-9-]{0,30}", re.ASCII)
_PROPERTY = re.compile(r"[a-z]{1,20}\.[a-z0-9-]{1,40}", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9._@+-]{1,320}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuthResult:
    """One method's result, both in lower case, with its properties such as `header.d` and `smtp.mailfrom`."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


def parse_authentication_results(message: Message, authserv_id: str) -> list[AuthResult]:
    """Return the results stated under exactly that authserv-id at the top of a message; never raises.

    Everyone can write this field, so the border mail server must remove those that come in under its own name
    (RFC 8601 section 5). Lest much hangs on that, only the topmost fields of that name count, down to the Received
    field that follows them, and of them only the first that speaks of a method. All other names are ignored. A result
    that cannot be read says nothing. An empty `authserv_id` trusts nobody.
    """
    wanted = authserv_id.strip().rstrip(".").lower()
    if not wanted:
        return []
    results: list[AuthResult] = []
    for stated in _topmost(message, wanted):
        known = {result.method for result in results}
        found = [result for section in stated if (result := _result(section)) is not None]
        results += [result for result in found if result.method not in known]
    return results


def read_results(body: str) -> list[AuthResult]:
    """The results in the unfolded body of an ARC-Authentication-Results field, whoever states them (RFC 8617, 4.1.1)."""
    sections = _sections(body) if len(body) <= _LIMIT else []
    return [result for section in sections[2:] if (result := _result(section)) is not None]


def write_results(results: Iterable[AuthResult]) -> str:
    """Results as the payload of a field, without the name of who states them; what is not plain ASCII is left out.

    A domain or address that a stranger chose can neither end a section nor begin a line or a comment in it.
    """
    return "; ".join(
        " ".join([f"{each.method}={each.result}", *_properties(each)])
        for each in results
        if _KEYWORD.fullmatch(each.method) and _KEYWORD.fullmatch(each.result)
    )


def _properties(result: AuthResult) -> Iterator[str]:
    return (
        f"{name}={value}"
        for name, value in result.properties.items()
        if _PROPERTY.fullmatch(name) and _VALUE.fullmatch(value)
    )


def _topmost(message: Message, wanted: str) -> Iterator[list[str]]:
    """The sections, without the name, of our fields above the first Received field that stands below one of them."""
    has_begun = False
    for each in message.fields:
        name = each.name.lower()
        if name == "authentication-results":
            sections = _sections(each.unfolded) if len(each.raw) <= _LIMIT else []
            if sections and _is_from(sections[0], wanted):
                has_begun = True
                yield sections[1:]
        elif name == "received" and has_begun:
            return


def _is_from(section: str, wanted: str) -> bool:
    """Whether a field begins with our name, and perhaps the version 1."""
    words = [_unquoted(word) for word in section.split()]
    return bool(words) and words[0].rstrip(".").lower() == wanted and words[1:] in ([], ["1"])


def _sections(text: str) -> list[str]:
    """Cut a field body at its semicolons, without its comments; empty when it cannot be read."""
    sections = [""]
    position = 0
    while position < len(text):
        match = _PIECE.match(text, position)
        if match is None:
            return []
        position = match.end()
        if match["comment"]:
            position = _after_comment(text, match.start())
            sections[-1] += " "
        elif match["semicolon"]:
            sections.append("")
        else:
            sections[-1] += match[0]
    return sections


def _after_comment(text: str, position: int) -> int:
    """Return the place behind the comment that begins at `position`; an open comment swallows the rest."""
    depth = 0
    while position < len(text):
        letter = text[position]
        position += 2 if letter == "\\" else 1
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            break
    return position


def _result(section: str) -> AuthResult | None:
    """Read `method[/version]=result reason=… ptype.property=value …`; None unless all of it can be read."""
    pairs: list[tuple[str, str]] = []
    position, text = 0, section.strip()
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            return None
        pairs.append((match[1].lower(), _unquoted(match[2])))
        position = match.end()
    if not pairs:
        return None
    method, result = pairs[0]
    # A property said twice is a trick or a mistake; the first one stands.
    properties = dict(reversed(pairs[1:]))
    return AuthResult(method.partition("/")[0], result.lower(), properties)


def _unquoted(text: str) -> str:
    return _QUOTED.sub(lambda match: _QUOTED_PAIR.sub(r"\1", match[1]), text)
