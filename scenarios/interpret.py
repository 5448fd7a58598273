"""Walking the rules of a scenario in order until one of them decides."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios import program
from scenarios.decision import Decision, reject
from scenarios.dialect import Dialect
from scenarios.facts import Facts
from scenarios.operations import ACTIONS, OPEN_LIST_ONLY, canonical_operation, permitted_actions
from scenarios.program import Range, program_of
from scenarios.request import METHODS_BY_STRENGTH, Request, effective_identities, weaker
from scenarios.syntax import METHODS, Rule, Scenario
from scenarios.trace import Step

_METHOD_WORDS = tuple(METHODS)
_ACTION_WORDS = tuple(ACTIONS)

# Addresses with their effective methods; None where a rule looks at no address in particular.
_Elements = Sequence[tuple[str | None, str]]

__all__ = ["Decision", "Step", "decide", "reject"]


async def decide(
    scenario: Scenario,
    request: Request,
    facts: Facts,
    *,
    dialect: Dialect | None = None,
    trace: list[Step] | None = None,
) -> Decision:
    """What the scenario says to the request; the first rule that applies speaks, and no rule means no.

    `dialect` is the one the scenario was read in unless given; each rule tried is noted in `trace`. Never raises:
    whatever goes wrong on the way is a refusal with the reason `error-performing-condition`.
    """
    chosen = scenario.dialect if dialect is None else dialect
    reason = barred(request, chosen)
    if reason is None and scenario.includes:
        reason = "include-not-expanded"
    if reason is not None:
        return _refusal(scenario, request, reason)
    try:
        made = program_of(scenario, chosen)
    except Exception as wrong:  # noqa: BLE001  (a scenario that was built by hand may hold anything)
        return _refusal(scenario, request, "error-performing-condition", error=type(wrong).__name__)
    if made.needs_list and not request.list_name:
        return _refusal(scenario, request, "error-performing-condition", error="UndefinedValue")
    is_ours = chosen is Dialect.POSTROOM and trace is None
    steps = made.by_method[request.method] if is_ours else made.steps
    return await _walk(steps, scenario, request, facts, trace)


def barred(request: Request, dialect: Dialect) -> str | None:
    """The reason why no rule is even looked at, if there is one."""
    if request.list_status != "open" and canonical_operation(request.operation) in OPEN_LIST_ONLY:
        return "list-no-open"
    if dialect is Dialect.SYMPA:
        # It looks at the beginning of the word only.
        return None if request.method.startswith(_METHOD_WORDS) else "unknown-auth-method"
    return None if request.method in METHODS_BY_STRENGTH else "unknown-auth-method"


async def _walk(
    steps: tuple[program.Step, ...],
    scenario: Scenario,
    request: Request,
    facts: Facts,
    trace: list[Step] | None,
) -> Decision:
    """Each rule with each address it ranges over, with that address's effective method (rows 121, 127, 128)."""
    alone: _Elements = ((None, request.method),)
    everybody: _Elements | None = None
    for step in steps:
        elements = alone
        if step.range is not Range.NONE_OF_THEM:
            if everybody is None:
                everybody = effective_identities(request)
            if step.range is not Range.FIRST_TRUE or not everybody:
                decision = await _together(step, scenario, request, facts, everybody, trace)
                if decision is not None:
                    return decision
                continue
            elements = everybody
        for element, method in elements:
            if method not in step.methods and not step.takes_any_method:
                _note(trace, step, element, method, "other-method")
                continue
            try:
                told = step.told
                spoke = await step.asked(request, facts, element) if told is None else told(request, element)
            except Exception as wrong:  # noqa: BLE001  (the facts are somebody else's code; any failure must refuse)
                return _failure(step, scenario, request, element, method, wrong, trace)
            if trace is not None:
                _note(trace, step, element, method, "true" if spoke else "false")
            if spoke:
                return _verdict(step.rule, scenario, request, element, method)
    return _refusal(scenario, request, "no-rule-match")


async def _together(
    step: program.Step,
    scenario: Scenario,
    request: Request,
    facts: Facts,
    elements: _Elements,
    trace: list[Step] | None,
) -> Decision | None:
    """`none` and `every`, one answer from all addresses and as strong as the weakest it rests on; and any for nobody.

    Nobody has no address: a term is false for them, and `!` turns that round (row 124).
    """
    wanted = step.range is Range.EVERY_ONE
    method = request.method
    if wanted:
        for _, strength in elements:
            method = weaker(method, strength)
    if method not in step.methods:
        _note(trace, step, None, method, "other-method")
        return None
    holds = step.nobody if not elements else True
    for element, _ in elements:
        try:
            told = step.told
            spoke = await step.asked(request, facts, element) if told is None else told(request, element)
        except Exception as wrong:  # noqa: BLE001  (the facts are somebody else's code; any failure must refuse)
            return _failure(step, scenario, request, element, method, wrong, trace)
        holds = spoke is wanted
        if not holds:
            break
    _note(trace, step, None, method, "true" if holds else "false")
    return _verdict(step.rule, scenario, request, None, method) if holds else None


def _failure(
    step: program.Step,
    scenario: Scenario,
    request: Request,
    element: str | None,
    method: str,
    wrong: Exception,
    trace: list[Step] | None,
) -> Decision:
    error = type(wrong).__name__
    _note(trace, step, element, method, f"error:{error}")
    return _refusal(scenario, request, "error-performing-condition", step.rule, element, method, error)


def _note(
    trace: list[Step] | None, step: program.Step, element: str | None, method: str, outcome: str
) -> None:
    if trace is not None:
        rule = step.rule
        trace.append(
            Step(rule.line, rule.origin, rule.condition.text, rule.methods, element, method, outcome)
        )


def _verdict(rule: Rule, scenario: Scenario, request: Request, element: str | None, method: str) -> Decision:
    action = rule.action
    if action.base not in permitted_actions(request.operation):
        known = action.base.startswith(_ACTION_WORDS)
        reason = "action-not-permitted" if known else "unknown-action"
        return _refusal(scenario, request, reason, rule, element, method, said=action.base)
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
    said: str = "",
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
        said=said,
    )
