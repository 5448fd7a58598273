"""From the text of a scenario to its rules, or to the line and column where it makes no sense."""

from __future__ import annotations

import re
from types import MappingProxyType

from scenarios.cursor import Cursor
from scenarios.errors import MalformedScenario
from scenarios.hashes import hash_of
from scenarios.operations import canonical_operation
from scenarios.rule import read_rule
from scenarios.syntax import (
    METHODS,
    Action,
    Argument,
    Condition,
    Include,
    NamedFilter,
    Pattern,
    Rule,
    Scenario,
    Text,
    Variable,
)

__all__ = [
    "LONGEST_TEXT",
    "METHODS",
    "Action",
    "Argument",
    "Condition",
    "Include",
    "MalformedScenario",
    "NamedFilter",
    "Pattern",
    "Rule",
    "Scenario",
    "Text",
    "Variable",
    "hash_of",
    "parse_scenario",
]

LONGEST_TEXT = 1024 * 1024

_LINE_END = re.compile(r"\r\n|\r|\n")
_LONE_WORD = re.compile(r"\s*\w+\s*\Z")
_TITLE = re.compile(r"\s*title(?:\.(\S+))?\s+(\S.*)\Z", re.IGNORECASE)
_INCLUDE = re.compile(r"""\s*(include)\s*(?:(\()\s*)?(['"]?)([\w.\-]+)\3(?(2)\s*\))\Z""", re.IGNORECASE)


def parse_scenario(text: str, *, operation: str, name: str) -> Scenario:
    """Read a whole scenario.

    One bad line spoils all of it, since leaving a rule out could open what it closed. Raises MalformedScenario; a
    term that the language knows and this program cannot evaluate yet is bad in that sense.
    """
    check_length(text)
    titles: dict[str, str] = {}
    rules: list[Rule] = []
    includes: list[Include] = []
    for number, raw in enumerate(_LINE_END.split(text), start=1):
        if _LONE_WORD.match(raw):
            continue
        line = raw.partition("#")[0].rstrip()
        if not line:
            continue
        if title := _TITLE.match(line):
            titles[_title_key(title[1])] = title[2]
        elif include := _INCLUDE.match(line):
            includes.append(Include(number, include[4], len(rules), include.start(1) + 1))
        else:
            rules.append(_rule(line, number))
    return Scenario(
        operation=canonical_operation(operation),
        name=name,
        titles=MappingProxyType(titles),
        rules=tuple(rules),
        includes=tuple(includes),
        text_hash=hash_of(text),
    )


def check_length(text: str) -> None:
    """Raise MalformedScenario for a text that nobody writes by hand."""
    if len(text) > LONGEST_TEXT:
        raise MalformedScenario(f"the text is longer than {LONGEST_TEXT} characters", line=1, column=1)


def _title_key(tag: str | None) -> str:
    return "default" if tag is None else tag.replace("_", "-").lower()


def _rule(line: str, number: int) -> Rule:
    try:
        line.encode("utf-8")
    except UnicodeEncodeError as wrong:
        Cursor(line, number).fail("this character is not valid Unicode", wrong.start)
    return read_rule(line, number)
