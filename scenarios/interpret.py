"""Walking the rules of a scenario in order until one of them decides."""

from __future__ import annotations

from scenarios.decision import Decision, reject
from scenarios.dialect import Dialect
from scenarios.evaluate import holds
from scenarios.facts import Facts
from scenarios.operations import OPEN_LIST_ONLY, canonical_operation, permitted_actions
from scenarios.request import METHODS_BY_STRENGTH, NOBODY, Request, effective_identities
from scenarios.syntax import Rule, Scenario
from scenarios.trace import Step

__all__ = ["Decision", "Step", "decide", "reject"]


async def decide(
    scenario: Scenario,
    request: Request,
    facts: Facts,
    *,
    dialect: Dialect = Dialect.POSTROOM,
    trace: list[Step] | None = None,
) -> Decision:
    """What the scenario says to the request; the first rule that applies speaks, and no rule means no.

    `dialect` is the one the scenario was read in; each rule tried is noted in `trace`.

    Never raises: whatever goes wrong on the way is a refusal with the reason `error-performing-condition`.
    """
    barred = _barred(scenario, request)
    if barred is not None:
        return _refusal(scenario, request, barred)
    for rule in scenario.rules:
        decision = await _apply(rule, scenario, request, facts, [] if trace is None else trace)
        if decision is not None:
            return decision
    return _refusal(scenario, request, "no-rule-match")


def _barred(scenario: Scenario, request: Request) -> str | None:
    """The reason why no rule is even looked at, if there is one."""
    if request.method not in METHODS_BY_STRENGTH:
        return "unknown-auth-method"
    if request.list_status != "open" and canonical_operation(request.operation) in OPEN_LIST_ONLY:
        return "list-no-open"
    if scenario.includes:
        return "include-not-expanded"
    return None


async def _apply(
    rule: Rule, scenario: Scenario, request: Request, facts: Facts, trace: list[Step]
) -> Decision | None:
    """Try the rule with each address it ranges over, with that address's effective method (rows 121, 127, 128)."""
    for element, method in _elements(rule, request):
        if method not in rule.methods:
            trace.append(_step(rule, element, method, "other-method"))
            continue
        try:
            spoke = await _speaks(rule, request, facts, element)
        except Exception as wrong:  # noqa: BLE001  (the facts are somebody else's code; any failure must refuse)
            trace.append(_step(rule, element, method, f"error:{type(wrong).__name__}"))
            return _refusal(
                scenario, request, "error-performing-condition", rule, element, method, type(wrong).__name__
            )
        trace.append(_step(rule, element, method, "true" if spoke else "false"))
        if spoke:
            return _verdict(rule, scenario, request, element, method)
    return None


def _step(rule: Rule, element: str | None, method: str, outcome: str) -> Step:
    return Step(rule.line, rule.origin, rule.condition.text, rule.methods, element, method, outcome)


def _elements(rule: Rule, request: Request) -> list[tuple[str | None, str]]:
    if not rule.condition.iterates or request.sender == NOBODY:
        return [(None, request.method)]
    return [(identity.address, identity.strength) for identity in effective_identities(request)]


async def _speaks(rule: Rule, request: Request, facts: Facts, element: str | None) -> bool:
    if rule.condition.iterates and element is None:
        # nobody has no address: the term is false, and `!` turns that round (row 124)
        return rule.condition.negated
    return await holds(rule.condition, request, facts, element)


def _verdict(rule: Rule, scenario: Scenario, request: Request, element: str | None, method: str) -> Decision:
    action = rule.action
    if action.base not in permitted_actions(request.operation):
        return _refusal(scenario, request, "action-not-permitted", rule, element, method)
    return Decision(
        action=action.base,
        argument=action.argument,
        reason=action.reason,
        template=action.template,
        quiet=action.quiet,
        notify=action.notify,
        line=rule.line,
        condition=rule.condition.text,
        element=element,
        operation=request.operation,
        scenario=scenario.name,
        method=method,
        text_hash=scenario.text_hash,
        origin=rule.origin,
        strength=method,
    )


def _refusal(
    scenario: Scenario,
    request: Request,
    reason: str,
    rule: Rule | None = None,
    element: str | None = None,
    method: str | None = None,
    error: str | None = None,
) -> Decision:
    return reject(
        request.operation,
        reason,
        scenario=scenario.name,
        method=request.method if method is None else method,
        text_hash=scenario.text_hash,
        line=None if rule is None else rule.line,
        condition=None if rule is None else rule.condition.text,
        element=element,
        error=error,
        origin="" if rule is None else rule.origin,
    )
