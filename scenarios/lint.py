"""Reading a scenario as its author should have: what is wrong, what can never happen, what lets the wrong people in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from scenarios.assemble import assemble
from scenarios.errors import MalformedScenario
from scenarios.finding import Finding, Level
from scenarios.grammar import parse_scenario
from scenarios.lint_hints import hint
from scenarios.lint_order import order_findings
from scenarios.lint_rules import rule_findings
from scenarios.operations import OPERATIONS, canonical_operation
from scenarios.syntax import Rule, Scenario

__all__ = ["Finding", "Level", "findings"]

_LINE_END = re.compile(r"\r\n|\r|\n")
_FRAGMENT = "include"


def findings(
    text: str,
    operation: str,
    name: str,
    *,
    includes: Mapping[str, str] | None = None,
    is_imported: bool = False,
) -> tuple[Finding, ...]:
    """What a reader should know about a text, by line: errors, warnings, notes; none for a good text. Never raises.

    `operation` is `include` for a fragment. `includes` are the texts of the fragments by name where they are known; an
    imported text is also warned of words that mean something else here than where it comes from.
    """
    lines = _LINE_END.split(text.removeprefix("\ufeff"))
    is_fragment = operation == _FRAGMENT
    try:
        scenario = parse_scenario(text, operation=operation, name=name)
    except MalformedScenario as wrong:
        return tuple(_malformed(lines, wrong, operation))
    found = [
        *_about_the_whole(scenario, lines, is_fragment=is_fragment),
        *(
            each
            for rule in scenario.rules
            for each in rule_findings(rule, lines[rule.line - 1], scenario.operation, is_imported=is_imported)
        ),
    ]
    whole, lacking = _assembled(text, scenario, includes, is_fragment=is_fragment)
    found += lacking
    found += order_findings(whole, lines, is_whole=not (is_fragment or whole.includes))
    return tuple(sorted(found, key=lambda each: (each.line, each.column, each.code)))


def _malformed(lines: list[str], wrong: MalformedScenario, operation: str) -> Iterator[Finding]:
    """Every line that is no rule, include or title, each with what its author probably meant."""
    found = [each for number, line in enumerate(lines, 1) for each in _line_errors(number, line, operation)]
    if not any(each.line == wrong.line for each in found):
        found.append(Finding(wrong.line, wrong.column, "malformed", "error", f"{wrong.reason}."))
    yield from found


def _line_errors(number: int, line: str, operation: str) -> Iterator[Finding]:
    try:
        parse_scenario(line, operation=operation, name="line")
    except MalformedScenario as wrong:
        advice = hint(line, wrong)
        if advice is None:
            yield Finding(number, wrong.column, "malformed", "error", f"{wrong.reason}.")
            return
        yield Finding(number, wrong.column, advice.code, "error", f"{wrong.reason}; {advice.sentence}")
        yield from _once_corrected(number, advice.corrected, operation)


def _once_corrected(number: int, line: str, operation: str) -> Iterator[Finding]:
    """What else is wrong in a line, so that it is not found out only after the first correction."""
    try:
        rules = parse_scenario(line, operation=operation, name="line").rules
    except MalformedScenario:
        return
    for rule in rules:
        for each in rule_findings(rule, line, operation, is_imported=False):
            yield replace(each, line=number)


def _about_the_whole(scenario: Scenario, lines: list[str], *, is_fragment: bool) -> Iterator[Finding]:
    if is_fragment:
        return
    if canonical_operation(scenario.operation) not in OPERATIONS:
        yield Finding(
            1,
            1,
            "unknown-operation",
            "error",
            f"No operation is called {scenario.operation!r}, so nothing ever asks this text.",
        )
    if not scenario.titles:
        yield Finding(
            1, 1, "title-missing", "note", "It has no title; menus show its name. Write `title …` on top."
        )
    if scenario.rules and not scenario.includes and all(_refuses(rule) for rule in scenario.rules):
        closed = scenario.name == "closed" or scenario.purely_closed
        if not closed:
            yield Finding(
                1, 1, "purely-closed", "note", "No rule ever lets anybody do anything; it is always refused."
            )
    if not scenario.rules and not scenario.includes:
        yield Finding(1, 1, "no-rules", "warning", "It has no rules, so it refuses everything.")


def _refuses(rule: Rule) -> bool:
    return rule.action.base == "reject"


def _assembled(
    text: str, scenario: Scenario, includes: Mapping[str, str] | None, *, is_fragment: bool
) -> tuple[Scenario, list[Finding]]:
    """The scenario with its fragments put in, as far as they are known."""
    if includes is None or is_fragment:
        return scenario, []
    try:
        whole = assemble(text, operation=scenario.operation, name=scenario.name, include=dict(includes).get)
    except MalformedScenario as wrong:
        line = wrong.line if not wrong.source else next((each.line for each in scenario.includes), 1)
        place = f" ({wrong.source}, line {wrong.line})" if wrong.source else ""
        return scenario, [Finding(line, wrong.column, "include", "error", f"{wrong.reason}{place}.")]
    return replace(whole, includes=()), []
