"""How the settings about mail that comes back are read and shown."""

import re
from collections.abc import Callable
from enum import StrEnum

_SCORE = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?", re.ASCII)
_LONGEST = 365


def read_score(text: str) -> int:
    """A score in thousandths, written as 5 or 2.5; raises ValueError."""
    match = _SCORE.fullmatch(text)
    score = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0")) if match else 0
    if not 100 <= score <= 100_000:
        raise ValueError("a number from 0.1 to 100, such as 5 or 2.5")
    return score


def show_score(score: int) -> str:
    """A score as `read_score` reads it."""
    return f"{score / 1000:.3f}".rstrip("0").rstrip(".")


def read_days(text: str) -> int:
    """A number of days; raises ValueError."""
    if not text.isascii() or not text.isdecimal() or len(text) > 4 or not 1 <= int(text) <= _LONGEST:
        raise ValueError(f"a number of days from 1 to {_LONGEST}")
    return int(text)


def word_of(words: type[StrEnum]) -> Callable[[str], str]:
    """A reader of one of a closed set of words; it raises ValueError."""

    def read(text: str) -> str:
        if text not in [each.value for each in words]:
            raise ValueError(", ".join(each.value for each in words))
        return text

    return read
