"""Putting a scenario together as Sympa 6.2.70 does: one pass over the lines, and fragments with mistakes are empty."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from types import MappingProxyType

from scenarios.blocklist import BLOCKLIST_RULE
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.grammar import check_length
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
    check_length(text)
    header = canonical_operation(operation) + ".header"
    own, wrong = read_lines(text, "")
    lines = _expanded([*_fragment(header, include), *own], include)
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
    if text is None:
        return []
    check_length(text)
    return read_lines(text, f"include.{name}")[0]


def _expanded(lines: list[Line], include: Fragments) -> list[Line]:
    """The lines after one pass over as many places as there were lines to begin with.

    What comes to stand in the place of an include is not looked at again, so that an include there stays as it is.
    """
    known: dict[str, list[Line]] = {}
    coming = deque(lines)
    done: list[Line] = []
    for _ in range(len(lines)):
        if not coming:
            raise MalformedScenario(
                "an include without rules stands before the last line", line=lines[-1].number, column=1
            )
        line = coming.popleft()
        asked = _INCLUDE.match(line.condition)
        if asked is None or include(asked[1]) is None:
            done.append(line)
            continue
        if asked[1] not in known:
            known[asked[1]] = _fragment(asked[1], include)
        coming.extendleft(reversed(known[asked[1]]))
        if len(done) + len(coming) > _MOST_LINES:
            raise MalformedScenario("with its includes it has too many rules", line=line.number, column=1)
        if coming:
            done.append(coming.popleft())
    return [*done, *coming]
