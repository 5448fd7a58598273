"""Putting a scenario together: its own rules, the fragments it includes, the common header and the blocklist."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from scenarios.blocklist import BLOCKLIST_RULE
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.grammar import parse_scenario
from scenarios.lenient_assembly import assembled_as_sympa
from scenarios.operations import canonical_operation
from scenarios.syntax import Rule, Scenario

DEEPEST = 16
MOST_RULES = 100_000

Fragments = Callable[[str], str | None]

_LINE_END = re.compile(r"\r\n|\r|\n")
_WANTED = re.compile(r"include\s*\(?\s*['\"]?([\w.\-]+)", re.IGNORECASE)


def wanted_includes(text: str) -> frozenset[str]:
    """The names that the include lines of one text ask for, so that they can be fetched beforehand; never raises."""
    lines = (line.partition("#")[0] for line in _LINE_END.split(text))
    return frozenset(match[1] for line in lines for match in _WANTED.finditer(line))


def assemble(
    text: str,
    *,
    operation: str,
    name: str,
    include: Fragments,
    blocklist: bool = False,
    dialect: Dialect = Dialect.POSTROOM,
) -> Scenario:
    """The scenario with the rules of `<operation>.header` in front and each include line replaced by its rules.

    `include` gives the text of `include.<name>`, None where there is none; only the header may be absent. With
    `blocklist` a rule that refuses the sender on `blocklist.txt` stands in front of everything. Raises
    MalformedScenario, whose `source` names the text that is wrong.
    """
    if dialect is Dialect.SYMPA:
        return assembled_as_sympa(text, operation, name, include, blocklist=blocklist)
    scenario = parse_scenario(text, operation=operation, name=name)
    header = canonical_operation(operation) + ".header"
    rules = [BLOCKLIST_RULE] if blocklist else []
    common = include(header)
    if common is not None:
        rules += _fragment(header, common, scenario, include, (header,))
    rules += _expanded(scenario, include, ())
    return replace(scenario, rules=tuple(rules), includes=())


def _fragment(name: str, text: str, top: Scenario, include: Fragments, path: tuple[str, ...]) -> list[Rule]:
    source = f"include.{name}"
    try:
        part = parse_scenario(text, operation=top.operation, name=name)
    except MalformedScenario as wrong:
        raise MalformedScenario(wrong.reason, line=wrong.line, column=wrong.column, source=source) from None
    part = replace(part, rules=tuple(replace(rule, origin=source) for rule in part.rules))
    return _expanded(part, include, path)


def _expanded(part: Scenario, include: Fragments, path: tuple[str, ...]) -> list[Rule]:
    rules: list[Rule] = []
    done = 0
    source = f"include.{path[-1]}" if path else ""
    for line in part.includes:
        rules += part.rules[done : line.before]
        done = line.before
        if line.name in path:
            raise MalformedScenario(
                f"include.{line.name} includes itself", line=line.line, column=line.column, source=source
            )
        if len(path) >= DEEPEST:
            raise MalformedScenario(
                f"includes go deeper than {DEEPEST} levels", line=line.line, column=line.column, source=source
            )
        text = include(line.name)
        if text is None:
            raise MalformedScenario(
                f"there is no include.{line.name}", line=line.line, column=line.column, source=source
            )
        rules += _fragment(line.name, text, part, include, (*path, line.name))
        if len(rules) > MOST_RULES:
            raise MalformedScenario(
                f"with its includes it has more than {MOST_RULES} rules",
                line=line.line,
                column=line.column,
                source=source,
            )
    return [*rules, *part.rules[done:]]
