"""What the rules of a scenario come down to for each method: made once, walked at every decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from scenarios.dialect import Dialect
from scenarios.evaluate import Asked, Told, evaluator_of
from scenarios.facts import Facts
from scenarios.request import METHODS_BY_STRENGTH, Request
from scenarios.syntax import Condition, Rule, Scenario, Variable
from scenarios.terms import QUANTIFIERS

# Sympa leaves out the test for these four together, so that such a rule is for every method.
_ANY_METHOD = frozenset({"smtp", "dkim", "md5", "smime"})


class Range(Enum):
    """Which addresses of the person a rule looks at (rows 127 and 128)."""

    NONE_OF_THEM = "the condition names no address set"
    FIRST_TRUE = "address by address until the condition is true"
    NO_ONE = "true if the condition is true for no address"
    EVERY_ONE = "true if the condition is true for every address, and there is one"


@dataclass(frozen=True, slots=True)
class Step:
    """One rule ready to be tried; `nobody` is the answer for a stranger, who has no address."""

    rule: Rule
    methods: frozenset[str]
    takes_any_method: bool
    range: Range
    nobody: bool
    told: Told | None
    asked: Asked


@dataclass(frozen=True, slots=True)
class Program:
    """All rules, and by method those that can apply to a request of that method.

    `needs_list` is whether a rule reads something of the list, so that without one none of them can be trusted.
    """

    dialect: Dialect
    needs_list: bool
    steps: tuple[Step, ...]
    by_method: Mapping[str, tuple[Step, ...]]


def program_of(scenario: Scenario, dialect: Dialect) -> Program:
    """The program of a scenario, made at the first call."""
    made = scenario.program
    if isinstance(made, Program) and made.dialect is dialect:
        return made
    program = _made(scenario.rules, dialect)
    if dialect is scenario.dialect:
        object.__setattr__(scenario, "program", program)
    return program


def _made(rules: Iterable[Rule], dialect: Dialect) -> Program:
    steps = tuple(_step(rule, dialect) for rule in rules)
    needs_list = any(_reads_list(step.rule.condition) for step in steps)
    if dialect is Dialect.SYMPA:
        return Program(dialect, needs_list, steps, {})
    by_method = {
        method: tuple(step for step in steps if step.rule.methods & _usable(step, place))
        for place, method in enumerate(METHODS_BY_STRENGTH)
    }
    return Program(dialect, needs_list, steps, by_method)


def _reads_list(condition: Condition) -> bool:
    return any(
        _reads_list(arg)
        if isinstance(arg, Condition)
        else isinstance(arg, Variable)
        and (arg.record == "list" or (arg.record is None and arg.name in {"listname", "is_bcc"}))
        for arg in condition.args
    )


def _usable(step: Step, place: int) -> frozenset[str]:
    """The methods that the rule may be tried with: an address may count for less than the request (row 121)."""
    is_plain = step.range in {Range.NONE_OF_THEM, Range.NO_ONE}
    return frozenset(METHODS_BY_STRENGTH[place if is_plain else 0 : place + 1])


async def _nothing_to_ask(_request: Request, _facts: Facts, _element: str | None) -> bool:
    return False


def _step(rule: Rule, dialect: Dialect) -> Step:
    if dialect is Dialect.SYMPA:
        test = evaluator_of(rule.condition, dialect)
        takes_any = rule.methods == _ANY_METHOD
        return Step(
            rule, rule.methods, takes_any, Range.NONE_OF_THEM, False, test.told, test.asked or _nothing_to_ask
        )
    condition, ranging, nobody = _ranged(rule.condition)
    test = evaluator_of(condition, dialect)
    return Step(rule, rule.methods, False, ranging, nobody, test.told, test.asked or _nothing_to_ask)


def _ranged(condition: Condition) -> tuple[Condition, Range, bool]:
    """The condition to be tried with each address, over which addresses, and what it is for nobody."""
    if condition.term not in QUANTIFIERS:
        ranging = Range.FIRST_TRUE if condition.iterates else Range.NONE_OF_THEM
        return condition, ranging, condition.negated
    inner = condition.args[0]
    if not isinstance(inner, Condition):
        raise TypeError(condition.term)
    if not inner.iterates:
        return _flipped(inner, (condition.term == "none") is not condition.negated), Range.NONE_OF_THEM, False
    match condition.term, condition.negated:
        case ("any", False) | ("none", True):
            return inner, Range.FIRST_TRUE, False
        case ("any", True) | ("none", False):
            return inner, Range.NO_ONE, True
        case (_, False):
            return inner, Range.EVERY_ONE, False
        case _:
            return _flipped(inner, turn=True), Range.FIRST_TRUE, True


def _flipped(condition: Condition, turn: bool) -> Condition:
    return replace(condition, negated=condition.negated is not turn)
