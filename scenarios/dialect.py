"""Whose reading of a scenario text holds: ours, or that of the program whose texts it was written for."""

from __future__ import annotations

from enum import StrEnum


class Dialect(StrEnum):
    """How a text is read and decided.

    `POSTROOM` refuses whatever is in doubt. `SYMPA` decides as Sympa 6.2.70 does, its accidents of reading included;
    docs/reference/scenario-dialects.md lists every difference.
    """

    POSTROOM = "postroom"
    SYMPA = "sympa"
