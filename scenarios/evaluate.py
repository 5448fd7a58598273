"""What each term of the language means: conditions become functions once, and are asked for every request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scenarios.addresses import addresses_of
from scenarios.comparisons import equal_test, less_test, match_test, netmask_test, newer_test
from scenarios.dialect import Dialect
from scenarios.facts import Facts
from scenarios.filter_questions import directory_question, sql_question
from scenarios.filters import listed
from scenarios.request import Request
from scenarios.syntax import Argument, Condition, Variable
from scenarios.terms import BLOCKLIST, CUSTOM
from scenarios.values import UndefinedValue, Values, reader_of, single_reader_of

Told = Callable[[Request, str | None], bool]
Asked = Callable[[Request, Facts, str | None], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Test:
    """A condition ready to be used: `told` where the request alone answers it, else `asked` with the facts.

    Either raises what the facts raise, UndefinedValue, PatternRefused, BadNetmask, BadFilter or ValueError.
    """

    told: Told | None = None
    asked: Asked | None = None


class FilterMissing(Exception):
    """The scenario names a filter that is not there; write it beside the scenario, or take the rule out."""

    code = "SCENARIO_FILTER_MISSING"


class ConditionFailed(Exception):
    """The plug-in behind a custom condition gave no answer; look at what it wrote to the log."""

    code = "SCENARIO_CUSTOM_CONDITION"


def evaluator_of(condition: Condition, dialect: Dialect) -> Test:
    """The test of a condition as written, its `!` included; quantifiers are for `scenarios.program`."""
    plain = _plain_test(condition, dialect)
    return _negated(plain) if condition.negated else plain


def _negated(test: Test) -> Test:
    told, asked = test.told, test.asked
    if told is not None:
        return Test(told=lambda request, element: not told(request, element))

    async def ask(request: Request, facts: Facts, element: str | None) -> bool:
        return asked is not None and not await asked(request, facts, element)

    return Test(asked=ask)


def _plain_test(condition: Condition, dialect: Dialect) -> Test:
    if condition.term.startswith(CUSTOM):
        return _custom_test(condition, dialect)
    return EVALUATORS[condition.term](condition.args, dialect)


def _always(_args: tuple[Argument, ...], _dialect: Dialect) -> Test:
    return Test(told=lambda _request, _element: True)


def _never_available(_args: tuple[Argument, ...], _dialect: Dialect) -> Test:
    """The reserved word, which other programs accept and cannot carry out."""

    def tell(_request: Request, _element: str | None) -> bool:
        raise UndefinedValue

    return Test(told=tell)


def _about_list(question: str) -> Callable[[tuple[Argument, ...], Dialect], Test]:
    def make(args: tuple[Argument, ...], dialect: Dialect) -> Test:
        list_of, who_of = single_reader_of(args[0], dialect), reader_of(args[1], dialect)

        async def ask(request: Request, facts: Facts, element: str | None) -> bool:
            addresses = addresses_of(who_of(request, element))
            if not addresses:
                return False
            named = list_of(request, element)
            if not named or not named[0]:
                return False
            list_ref = named[0]
            answer = getattr(facts, question)
            for address in addresses:
                if await answer(list_ref, address):
                    return True
            return False

        return Test(asked=ask)

    return make


def _is_listmaster(args: tuple[Argument, ...], dialect: Dialect) -> Test:
    who_of = reader_of(args[0], dialect)

    async def ask(request: Request, facts: Facts, element: str | None) -> bool:
        for address in addresses_of(who_of(request, element)):
            if await facts.is_listmaster(address):
                return True
        return False

    return Test(asked=ask)


def _search(args: tuple[Argument, ...], dialect: Dialect) -> Test:
    name_of = single_reader_of(args[0], dialect)
    # The sender is tested whatever the second argument says, as always, unless it is an address of the same person.
    is_own = len(args) > 1 and isinstance(args[1], Variable) and args[1].record == "user"
    who = args[1] if is_own and dialect is Dialect.POSTROOM else Variable(None, "sender")
    who_of = reader_of(who, dialect)

    async def ask(request: Request, facts: Facts, element: str | None) -> bool:
        name = next(iter(name_of(request, element)), "")
        texts = await facts.filter_texts(name)
        if name.endswith(".txt"):
            if not texts and name != BLOCKLIST:
                raise FilterMissing(name)
            return any(listed(texts, one, dialect=dialect) for one in who_of(request, element))
        if not texts:
            raise FilterMissing(name)
        return await _asked_elsewhere(name, texts[0], request, facts, element, dialect)

    return Test(asked=ask)


async def _asked_elsewhere(
    name: str, text: str, request: Request, facts: Facts, element: str | None, dialect: Dialect
) -> bool:
    def value_of(inside: str) -> str:
        record, arrow, field = inside.partition("->")
        variable = Variable(record, field) if arrow else Variable(None, record)
        return next(iter(reader_of(variable, dialect)(request, element)), "")

    if name.endswith(".sql"):
        return await facts.ask_sql(sql_question(name, text, value_of))
    if name.endswith(".ldap"):
        return await facts.ask_directory(directory_question(name, text, value_of))
    raise FilterMissing(name)


def _custom_test(condition: Condition, dialect: Dialect) -> Test:
    name = condition.term.removeprefix(CUSTOM)
    readers: list[Values] = [reader_of(arg, dialect) for arg in condition.args]

    async def ask(request: Request, facts: Facts, element: str | None) -> bool:
        answer = await facts.custom_condition(name, tuple(read(request, element) for read in readers))
        if answer is None:
            raise ConditionFailed(name)
        return answer

    return Test(asked=ask)


def _told(
    make: Callable[[tuple[Argument, ...], Dialect], Told],
) -> Callable[[tuple[Argument, ...], Dialect], Test]:
    return lambda args, dialect: Test(told=make(args, dialect))


EVALUATORS: Mapping[str, Callable[[tuple[Argument, ...], Dialect], Test]] = MappingProxyType(
    {
        "all": _always,
        "equal": _told(equal_test),
        "is_editor": _about_list("is_editor"),
        "is_listmaster": _is_listmaster,
        "is_owner": _about_list("is_owner"),
        "is_owner_strict": _about_list("is_owner_strict"),
        "is_subscriber": _about_list("is_subscriber"),
        "less_than": _told(less_test),
        "match": _told(match_test),
        "message": _never_available,
        "newer": _told(newer_test(newer=True)),
        "older": _told(newer_test(newer=False)),
        "search": _search,
        "true": _always,
        "verify_netmask": _told(netmask_test),
    }
)
