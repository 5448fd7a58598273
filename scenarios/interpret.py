"""Walking the rules of a scenario in order until one of them decides."""

from __future__ import annotations

from scenarios import program
from scenarios.decision import Decision, reject
from scenarios.dialect import Dialect
from scenarios.facts import Facts
from scenarios.operations import ACTIONS, OPEN_LIST_ONLY, canonical_operation, permitted_actions
from scenarios.program import Range, is_for_any_method, program_of
from scenarios.request import METHODS_BY_STRENGTH, Identity, Request, effective_identities, weaker
from scenarios.syntax import METHODS, Rule, Scenario
from scenarios.trace import Step

_METHOD_WORDS = tuple(METHODS)
_ACTION_WORDS = tuple(ACTIONS)

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
    barred = _barred(scenario, request, chosen)
    if barred is not None:
        return _refusal(scenario, request, barred)
    try:
        made = program_of(scenario, chosen)
    except Exception as wrong:  # noqa: BLE001  (a scenario that was built by hand may hold anything)
        return _refusal(scenario, request, "error-performing-condition", error=type(wrong).__name__)
    if made.needs_list and not request.list_name:
        return _refusal(scenario, request, "error-performing-condition", error="UndefinedValue")
    walk = _Walk(scenario, request, facts, trace)
    if chosen is Dialect.SYMPA:
        return await walk.as_sympa(made.steps)
    return await walk.by_address(made.steps if trace is not None else made.by_method[request.method])


def _barred(scenario: Scenario, request: Request, dialect: Dialect) -> str | None:
    """The reason why no rule is even looked at, if there is one."""
    if request.list_status != "open" and canonical_operation(request.operation) in OPEN_LIST_ONLY:
        return "list-no-open"
    if dialect is Dialect.SYMPA:
        # It looks at the beginning of the word only.
        return None if request.method.startswith(_METHOD_WORDS) else "unknown-auth-method"
    if request.method not in METHODS_BY_STRENGTH:
        return "unknown-auth-method"
    if scenario.includes:
        return "include-not-expanded"
    return None


class _Walk:
    """One request on its way through the rules."""

    __slots__ = ("facts", "request", "scenario", "trace")

    def __init__(self, scenario: Scenario, request: Request, facts: Facts, trace: list[Step] | None) -> None:
        self.scenario = scenario
        self.request = request
        self.facts = facts
        self.trace = trace

    async def as_sympa(self, steps: tuple[program.Step, ...]) -> Decision:
        """One address, and a method that is compared as it stands."""
        method = self.request.method
        for step in steps:
            if method not in step.rule.methods and not is_for_any_method(step.rule):
                self._note(step.rule, None, method, "other-method")
                continue
            decision = await self._try(step, None, method)
            if decision is not None:
                return decision
        return _refusal(self.scenario, self.request, "no-rule-match")

    async def by_address(self, steps: tuple[program.Step, ...]) -> Decision:
        """Each rule with each address it ranges over, with that address's effective method (rows 121, 127, 128)."""
        request = self.request
        identities: tuple[Identity, ...] | None = None
        for step in steps:
            if step.range is Range.NONE_OF_THEM:
                decision = await self._with_method(step, None, request.method)
            else:
                if identities is None:
                    identities = effective_identities(request)
                decision = await self._over(step, identities)
            if decision is not None:
                return decision
        return _refusal(self.scenario, request, "no-rule-match")

    async def _over(self, step: program.Step, identities: tuple[Identity, ...]) -> Decision | None:
        if not identities:
            return self._for_nobody(step)
        if step.range is not Range.FIRST_TRUE:
            return await self._all_together(step, identities)
        for identity in identities:
            decision = await self._with_method(step, identity.address, identity.strength)
            if decision is not None:
                return decision
        return None

    def _for_nobody(self, step: program.Step) -> Decision | None:
        """Nobody has no address: the term is false, and `!` turns that round (row 124)."""
        rule, method = step.rule, self.request.method
        if method not in rule.methods:
            self._note(rule, None, method, "other-method")
            return None
        self._note(rule, None, method, "true" if step.nobody else "false")
        return _verdict(rule, self.scenario, self.request, None, method) if step.nobody else None

    async def _all_together(self, step: program.Step, identities: tuple[Identity, ...]) -> Decision | None:
        """`none` and `every`: one answer from all addresses, as strong as the weakest that it rests on."""
        wanted = step.range is Range.EVERY_ONE
        method = self.request.method
        if wanted:
            for identity in identities:
                method = weaker(method, identity.strength)
        if method not in step.rule.methods:
            self._note(step.rule, None, method, "other-method")
            return None
        for identity in identities:
            try:
                spoke = await self._asked(step, identity.address)
            except Exception as wrong:  # noqa: BLE001  (the facts are somebody else's code; any failure must refuse)
                return self._failed(step.rule, identity.address, method, wrong)
            if spoke is not wanted:
                self._note(step.rule, identity.address, method, "false")
                return None
        self._note(step.rule, None, method, "true")
        return _verdict(step.rule, self.scenario, self.request, None, method)

    async def _with_method(self, step: program.Step, element: str | None, method: str) -> Decision | None:
        if method not in step.rule.methods:
            self._note(step.rule, element, method, "other-method")
            return None
        return await self._try(step, element, method)

    async def _try(self, step: program.Step, element: str | None, method: str) -> Decision | None:
        try:
            told = step.told
            if told is not None:
                spoke = told(self.request, element)
            else:
                spoke = await self._asked(step, element)
        except Exception as wrong:  # noqa: BLE001  (the facts are somebody else's code; any failure must refuse)
            return self._failed(step.rule, element, method, wrong)
        if self.trace is not None:
            self._note(step.rule, element, method, "true" if spoke else "false")
        return _verdict(step.rule, self.scenario, self.request, element, method) if spoke else None

    async def _asked(self, step: program.Step, element: str | None) -> bool:
        if step.told is not None:
            return step.told(self.request, element)
        return step.asked is not None and await step.asked(self.request, self.facts, element)

    def _failed(self, rule: Rule, element: str | None, method: str, wrong: Exception) -> Decision:
        error = type(wrong).__name__
        self._note(rule, element, method, f"error:{error}")
        return _refusal(
            self.scenario, self.request, "error-performing-condition", rule, element, method, error
        )

    def _note(self, rule: Rule, element: str | None, method: str, outcome: str) -> None:
        if self.trace is not None:
            self.trace.append(
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
