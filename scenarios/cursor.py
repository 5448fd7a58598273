"""A place in a line of a scenario that moves forward and can say where it stands."""

from __future__ import annotations

import re
from typing import NoReturn

from scenarios.errors import MalformedScenario

_SPACE = re.compile(r"\s*")


class Cursor:
    """Reads one line from left to right; `at` counts characters from 0, complaints count columns from 1."""

    __slots__ = ("at", "line", "text")

    def __init__(self, text: str, line: int) -> None:
        self.text = text
        self.line = line
        self.at = 0

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The match of the pattern here, stepped over; None and no step if it does not match."""
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def skip_space(self) -> bool:
        """Step over white space; whether there was any."""
        before = self.at
        self.take(_SPACE)
        return self.at > before

    def sees(self, literal: str) -> bool:
        """Whether the literal stands here."""
        return self.text.startswith(literal, self.at)

    def accept(self, literal: str) -> bool:
        """Step over white space and the literal if they stand here; whether they did."""
        before = self.at
        self.skip_space()
        if self.sees(literal):
            self.at += len(literal)
            return True
        self.at = before
        return False

    def expect(self, literal: str, reason: str) -> None:
        """Step over white space and the literal; MalformedScenario with the reason if it is not there."""
        if not self.accept(literal):
            self.skip_space()
            self.fail(reason)

    def fail(self, reason: str, at: int | None = None) -> NoReturn:
        """Raise MalformedScenario here, or at another character of the line."""
        raise MalformedScenario(reason, line=self.line, column=(self.at if at is None else at) + 1)
