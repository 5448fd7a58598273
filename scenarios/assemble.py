"""Putting a scenario together: its own rules, the fragments it includes, the common header and the blocklist."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from scenarios.blocklist import BLOCKLIST_RULE
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.grammar import parse_scenario
from scenarios.lenient_assembly import assembled_as_sympa
from scenarios.operations import canonical_operation
from scenarios.syntax import Include, Rule, Scenario

DEEPEST = 16
MOST_RULES = 100_000

Fragments = Callable[[str], str | None]

_LINE_END = re.compile(r"\r\n|\r|\n")
_WANTED = re.compile(r"include\s*(?:\(\s*)?['\"]?([\w.\-]+)", re.IGNORECASE)


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
    known: dict[str, list[Rule]] = {}
    if include(header) is not None:
        rules += _fragment(header, scenario, include, (), known)
    rules += _expanded(scenario, include, (), known)
    return replace(scenario, rules=tuple(rules), includes=())


def _fragment(
    name: str, top: Scenario, include: Fragments, path: tuple[str, ...], known: dict[str, list[Rule]]
) -> list[Rule]:
    """The rules of `include.<name>`, which is asked for on the way `path`; each fragment is read once."""
    if name not in known:
        source = f"include.{name}"
        try:
            part = parse_scenario(include(name) or "", operation=top.operation, name=name)
        except MalformedScenario as wrong:
            raise MalformedScenario(
                wrong.reason, line=wrong.line, column=wrong.column, source=source
            ) from None
        part = replace(part, rules=tuple(replace(rule, origin=source) for rule in part.rules))
        known[name] = _expanded(part, include, (*path, name), known)
    return known[name]


def _expanded(
    part: Scenario, include: Fragments, path: tuple[str, ...], known: dict[str, list[Rule]]
) -> list[Rule]:
    rules: list[Rule] = []
    done = 0
    for line in part.includes:
        rules += part.rules[done : line.before]
        done = line.before
        _check(line, include, path)
        rules += _fragment(line.name, part, include, path, known)
        if len(rules) > MOST_RULES:
            _fail(f"with its includes it has more than {MOST_RULES} rules", line, path)
    return [*rules, *part.rules[done:]]


def _check(line: Include, include: Fragments, path: tuple[str, ...]) -> None:
    if line.name in path:
        _fail(f"include.{line.name} includes itself", line, path)
    if len(path) >= DEEPEST:
        _fail(f"includes go deeper than {DEEPEST} levels", line, path)
    if include(line.name) is None:
        _fail(f"there is no include.{line.name}", line, path)


def _fail(reason: str, line: Include, path: tuple[str, ...]) -> NoReturn:
    source = f"include.{path[-1]}" if path else ""
    raise MalformedScenario(reason, line=line.line, column=line.column, source=source)
