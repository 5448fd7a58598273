"""Named filters that are a list of addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scenarios.dialect import Dialect

_LINE_END = re.compile(r"\r\n|\r|\n")
_COMMENTS = ("#", ";")


def listed(texts: Iterable[str], address: str, *, dialect: Dialect = Dialect.POSTROOM) -> bool:
    """Whether a line of one of the texts stands for the whole address, letter case aside (requirement 4.7).

    `*` stands for any characters; as Sympa reads it, only the first one of a line does.
    """
    wanted = address.casefold()
    most = 1 if dialect is Dialect.SYMPA else -1
    return any(
        _stands_for(line.strip().casefold(), wanted, most)
        for text in texts
        for line in _LINE_END.split(text)
        if line.strip() and not line.startswith(_COMMENTS)
    )


def _stands_for(line: str, address: str, most: int) -> bool:
    """Glob matching without backtracking: each piece is taken at its first place, the last one at the end."""
    first, *others = line.split("*", most)
    if not others:
        return line == address
    last = others.pop()
    if len(address) < len(first) + len(last) or not (address.startswith(first) and address.endswith(last)):
        return False
    at, end = len(first), len(address) - len(last)
    for piece in others:
        place = address.find(piece, at, end)
        if place < 0:
            return False
        at = place + len(piece)
    return True
