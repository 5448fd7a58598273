"""Putting a scenario together as Sympa 6.2.70 does: one pass over the lines, and fragments with mistakes are empty."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType

from scenarios.blocklist import BLOCKLIST_RULE
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.hashes import hash_of
from scenarios.lenient import Line, read_lines, read_titles, rule_of
from scenarios.operations import canonical_operation
from scenarios.syntax import Scenario

Fragments = Callable[[str], str | None]

_INCLUDE = re.compile(r"\s*include\s*\(?'?([\w.]+)'?\)?\s*\Z", re.ASCII | re.IGNORECASE)
_MOST_LINES = 200_000


def assembled_as_sympa(
    text: str, operation: str, name: str, include: Fragments, *, blocklist: bool
) -> Scenario:
    """The scenario; raises MalformedScenario where Sympa could not compile it, or would be left without a rule.

    A text with one unreadable line has no rules there, but those of its header and of the blocklist still hold.
    """
    header = canonical_operation(operation) + ".header"
    own, wrong = read_lines(text, "")
    lines = [*_fragment(header, include), *own]
    _expand(lines, include)
    rules = [BLOCKLIST_RULE] if blocklist else []
    rules += [rule_of(line) for line in lines]
    if wrong is not None and not rules:
        raise MalformedScenario(wrong.reason, line=wrong.line, column=wrong.column, verdict="no-rule-match")
    return Scenario(
        operation=canonical_operation(operation),
        name=name,
        titles=MappingProxyType(read_titles(text)),
        rules=tuple(rules),
        includes=(),
        text_hash=hash_of(text),
        dialect=Dialect.SYMPA,
    )


def _fragment(name: str, include: Fragments) -> list[Line]:
    text = include(name)
    return [] if text is None else read_lines(text, f"include.{name}")[0]


def _expand(lines: list[Line], include: Fragments) -> None:
    """Replace include lines in one pass over as many places as there were lines to begin with."""
    for place in range(len(lines)):
        if place >= len(lines):
            raise MalformedScenario(
                "an include without rules stands before the last line",
                line=lines[-1].number if lines else 1,
                column=1,
            )
        asked = _INCLUDE.match(lines[place].condition)
        if asked is None:
            continue
        text = include(asked[1])
        if text is None:
            continue
        lines[place : place + 1] = read_lines(text, f"include.{asked[1]}")[0]
        if len(lines) > _MOST_LINES:
            raise MalformedScenario("with its includes it has too many rules", line=1, column=1)
