"""What each term of the language means; a term without a line here cannot be used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scenarios.facts import Facts
from scenarios.patterns import found
from scenarios.request import Request
from scenarios.syntax import Argument, Condition, Pattern
from scenarios.values import UndefinedValue, addresses_of, values_of


@dataclass(frozen=True, slots=True)
class Question:
    """A term put to one request, `[user->email]` standing for one address."""

    args: tuple[Argument, ...]
    request: Request
    facts: Facts
    element: str | None

    def values(self, position: int) -> tuple[str, ...]:
        """The values of one argument (from 0); raises UndefinedValue."""
        return values_of(self.args[position], self.request, self.element)


Evaluator = Callable[[Question], Awaitable[bool]]


async def holds(condition: Condition, request: Request, facts: Facts, element: str | None) -> bool:
    """Whether the condition as written, its `!` included, is true for this element.

    Raises whatever the facts raise, UndefinedValue, and PatternRefused.
    """
    answer = await EVALUATORS[condition.term](Question(condition.args, request, facts, element))
    return answer is not condition.negated


async def _always(question: Question) -> bool:
    return not question.args


async def _is_subscriber(question: Question) -> bool:
    return await _any_address(question, question.facts.is_subscriber)


async def _is_owner(question: Question) -> bool:
    return await _any_address(question, question.facts.is_owner)


async def _is_editor(question: Question) -> bool:
    return await _any_address(question, question.facts.is_editor)


async def _is_listmaster(question: Question) -> bool:
    for address in addresses_of(question.values(0)):
        if await question.facts.is_listmaster(address):
            return True
    return False


async def _any_address(question: Question, ask: Callable[[str, str], Awaitable[bool]]) -> bool:
    list_ref = next(iter(question.values(0)), "")
    for address in addresses_of(question.values(1)):
        if await ask(list_ref, address):
            return True
    return False


async def _equal(question: Question) -> bool:
    wanted = {value.casefold() for value in question.values(1)}
    return any(value.casefold() in wanted for value in question.values(0))


async def _match(question: Question) -> bool:
    pattern = question.args[1]
    if not isinstance(pattern, Pattern):
        raise UndefinedValue
    return any(found(pattern.source, question.request.domain, value) for value in question.values(0))


EVALUATORS: Mapping[str, Evaluator] = MappingProxyType(
    {
        "all": _always,
        "equal": _equal,
        "is_editor": _is_editor,
        "is_listmaster": _is_listmaster,
        "is_owner": _is_owner,
        "is_subscriber": _is_subscriber,
        "match": _match,
        "true": _always,
    }
)
