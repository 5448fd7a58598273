"""The addresses in a text that may be one address, or a list of recipients with names and comments."""

from __future__ import annotations

import functools
import re

from scenarios.request import NOBODY

_ODD = re.compile(r"""[\s,;:<>()"\[\]\\]""")
_PIECE = re.compile(r"""("(?:[^"\\]|\\[\s\S])*(?:"|\\?\Z)|[^",;()]+|[\s\S])""")
_BLANKS = re.compile(r"\s+")
_NAME_IN_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*"(?!\s*@)')
_ANGLES = re.compile(r"<([^<>]*)")
_JOINT = re.compile(r"\s*([@.:])\s*")
_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+')
_LONGEST = 16 * 1024
# An address is at most 254 characters long (RFC 5321, section 4.5.3.1.3); longer lists are read anew each time.
_LONGEST_KEPT = 320


def addresses_of(values: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses in values that are addresses or address lists; strangers and blanks left out."""
    if len(values) == 1 and len(values[0]) <= _LONGEST_KEPT:
        return _kept(values[0])
    return tuple(address for value in values for address in _addresses_in(value))


@functools.lru_cache(maxsize=4096)
def _kept(value: str) -> tuple[str, ...]:
    return _addresses_in(value)


def _addresses_in(value: str) -> tuple[str, ...]:
    if _ODD.search(value) is None:
        found = [value]
    else:
        found = [one for part in _parts(value[:_LONGEST]) for one in _mailboxes(part)]
    return tuple(address for address in found if address and address != NOBODY)


def _parts(value: str) -> list[str]:
    """The text cut at commas and semicolons outside quotes, without what stands in parentheses, which may be nested."""
    parts: list[str] = []
    current: list[str] = []
    depth = 0
    for piece in _pieces(value):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
            current.append(" ")
        elif depth == 0 and piece in {",", ";"}:
            parts.append("".join(current))
            current = []
        elif depth == 0:
            current.append(piece)
    return [*parts, "".join(current)]


def _pieces(value: str) -> list[str]:
    """Quoted texts, separators, parentheses, and what is between; a quote that nobody closed is left out."""
    pieces: list[str] = _PIECE.findall(_BLANKS.sub(" ", value))
    last = pieces[-1] if pieces else ""
    if last.startswith('"') and (len(last) == 1 or not _NAME_IN_QUOTES.fullmatch(last)):
        pieces[-1:] = re.findall(r"[^,;()]+|[,;()]", last.replace('"', " "))
    return pieces


def _mailboxes(part: str) -> list[str]:
    """What is between angle brackets, if that is one thing, or else every word of the part."""
    plain = _NAME_IN_QUOTES.sub(" ", part)
    if "<" in plain:
        inside = [_JOINT.sub(r"\1", one).strip() for one in _ANGLES.findall(plain)]
        named = [one for one in inside if one]
        return named if len(named) == 1 else []
    return _WORD.findall(_JOINT.sub(r"\1", plain.replace(">", " ")))
