"""Findings about rules beside each other: those that can never speak, and methods that no rule is for."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.finding import Finding
from scenarios.operations import canonical_operation
from scenarios.syntax import METHODS, Argument, Rule, Scenario

# No request comes by it any more.
_NEVER_COMES = frozenset({"pgp"})
_ALWAYS = frozenset({"true", "all"})
# What only happens on the web, where neither smtp nor dkim is ever the method.
_ON_THE_WEB = frozenset(
    {
        "archive_web_access",
        "automatic_list_creation",
        "create_list",
        "d_edit",
        "d_read",
        "move_user",
        "topics_visibility",
        "tracking",
    }
)
# Asked of messages as they come in, or by programs, with one method only.
_WHATEVER_METHOD = frozenset({"family_signoff", "spam_status", "visibility"})
_ORDER = ("smtp", "dkim", "md5", "smime", "pgp")

_Said = tuple[bool, str, tuple[Argument, ...]]


def order_findings(scenario: Scenario, lines: list[str], *, is_whole: bool) -> Iterator[Finding]:
    """What comes of the order of the rules; findings stand at the scenario's own lines, not at those of fragments.

    `is_whole` says that all rules are in hand, so that what is missing can be told.
    """
    yield from _unreachable(scenario, lines)
    if is_whole:
        yield from _missing_methods(scenario)


def _unreachable(scenario: Scenario, lines: list[str]) -> Iterator[Finding]:
    caught: dict[str, Rule] = {}
    covered: dict[_Said, dict[str, Rule]] = {}
    for rule in scenario.rules:
        condition = rule.condition
        wanted = rule.methods - _NEVER_COMES
        same = covered.setdefault((condition.negated, condition.term, condition.args), {})
        if not rule.origin:
            yield from _at_rule(rule, wanted, caught, same, lines)
        for method in wanted:
            same.setdefault(method, rule)
            if condition.term in _ALWAYS and not condition.negated:
                caught.setdefault(method, rule)


def _at_rule(
    rule: Rule,
    wanted: frozenset[str],
    caught: dict[str, Rule],
    same: dict[str, Rule],
    lines: list[str],
) -> Iterator[Finding]:
    line = lines[rule.line - 1]
    column = len(line) - len(line.lstrip()) + 1
    never = [method for method in _ORDER if method in wanted and method in caught]
    again = [method for method in _ORDER if method in wanted and method in same]
    if not wanted:
        yield Finding(
            rule.line,
            column,
            "unreachable",
            "warning",
            "No request ever comes by pgp, so this rule never speaks.",
        )
    elif rule.condition.term in _ALWAYS and rule.condition.negated:
        yield Finding(
            rule.line, column, "unreachable", "warning", "!true() is never true; take the rule away."
        )
    elif len(never) == len(wanted):
        yield Finding(
            rule.line,
            column,
            "unreachable",
            "warning",
            f"This rule never speaks: {_place(caught[never[0]])} has decided every request before.",
        )
    elif len(again) == len(wanted):
        first = same[again[0]]
        code = "duplicate" if (first.methods, first.action) == (rule.methods, rule.action) else "unreachable"
        yield Finding(
            rule.line,
            column,
            code,
            "warning",
            f"This rule never speaks: {_place(first)} asks the same for the same methods.",
        )
    elif never:
        yield Finding(
            rule.line,
            column,
            "partly-unreachable",
            "warning",
            f"For {', '.join(never)} this rule never speaks: {_place(caught[never[0]])} has decided before.",
        )


def _place(rule: Rule) -> str:
    return f"{rule.origin}, line {rule.line}," if rule.origin else f"line {rule.line}"


def _missing_methods(scenario: Scenario) -> Iterator[Finding]:
    operation = canonical_operation(scenario.operation)
    named = frozenset[str]().union(*(rule.methods for rule in scenario.rules))
    if operation in _WHATEVER_METHOD or not any(rule.action.base != "reject" for rule in scenario.rules):
        return
    possible = (
        METHODS - _NEVER_COMES - (frozenset({"smtp", "dkim"}) if operation in _ON_THE_WEB else frozenset())
    )
    missing = [method for method in _ORDER if method in possible - named]
    last = scenario.rules[-1].line if not scenario.rules[-1].origin else 1
    if "dkim" in missing and "smtp" in named:
        missing.remove("dkim")
        yield Finding(
            last,
            1,
            "dkim-forgotten",
            "warning",
            "No rule is for dkim, so a message with a valid signature of its domain is refused where the same message "
            "without one might pass; add dkim beside smtp, unless the domain has dkim_method=as_smtp.",
        )
    if missing:
        yield Finding(
            last,
            1,
            "missing-method",
            "warning",
            f"No rule is for {', '.join(missing)}; whoever comes that way is refused without a reason.",
        )
