"""One remark of the linter on a scenario text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, at `line` and `column` from 1; `code` is stable and names the kind.

    An `error` means that the text does not do what it says; a `warning` that it probably does something else than its
    author thinks; a `note` that somebody may wonder.
    """

    line: int
    column: int
    code: str
    level: Level
    sentence: str
