"""What named filters and custom conditions answered lately, so that a burst of posts asks a directory once."""

import inspect
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from identity.directories import has_entry
from mail.instant import SECOND
from scenarios.filter_questions import DirectoryQuestion, SqlQuestion
from storage.foreign import first_value

# A server that does not answer is not asked by every post that comes in meanwhile.
FAILED_FOR = 5 * SECOND
# Somebody who was let in loses it a minute after the directory says so; somebody who was not is let in sooner.
YES_FOR = 60 * SECOND
NO_FOR = 10 * SECOND
_MOST = 4096
_GROUP = "postroom.conditions"


class NoSuchCondition(Exception):
    """No installed package brings this custom condition under the entry points `postroom.conditions`."""

    code = "NO_SUCH_CONDITION"


class FailedLately(Exception):
    """The server behind this filter failed some seconds ago and is asked again soon."""

    code = "FILTER_FAILED_LATELY"


@dataclass(frozen=True, slots=True)
class _Answer:
    """`value` is None where the question failed."""

    value: bool | None
    until: int


_ANSWERS: OrderedDict[Hashable, _Answer] = OrderedDict()


async def ask_sql(question: SqlQuestion, now: int) -> bool:
    """Whether the database says yes: a first column that is neither empty nor zero. Raises ForeignDatabase."""

    async def ask() -> bool:
        value = await first_value(question.connection, question.statement, question.parameters)
        return _is_yes(value)

    key = ("sql", _frozen(question.connection), question.statement, question.parameters)
    return bool(await _remembered(key, now, ask))


async def ask_directory(question: DirectoryQuestion, now: int) -> bool:
    """Whether the directory has such an entry. Raises DirectoryUnavailable."""

    async def ask() -> bool:
        return await has_entry(question.settings, question.suffix, question.filter, question.scope)

    key = ("ldap", _frozen(question.settings), question.suffix, question.filter, question.scope)
    return bool(await _remembered(key, now, ask))


async def ask_condition(name: str, args: tuple[tuple[str, ...], ...], now: int) -> bool | None:
    """What `CustomCondition::name` answers: true, false, or None for an error of its own.

    The function that a package brings gets a tuple of texts for each argument. Raises NoSuchCondition, and whatever
    the function raises.
    """

    async def ask() -> bool | None:
        answer = _condition(name)(*args)
        if inspect.isawaitable(answer):
            answer = await answer
        return None if answer is None else answer is True or answer == 1

    return await _remembered(("condition", name, args), now, ask)


@cache
def _condition(name: str) -> Callable[..., Any]:
    for point in entry_points(group=_GROUP, name=name):
        loaded: Callable[..., Any] = point.load()
        return loaded
    raise NoSuchCondition(name)


async def _remembered(key: Hashable, now: int, ask: Callable[[], Awaitable[bool | None]]) -> bool | None:
    known = _ANSWERS.get(key)
    if known is not None and known.until > now:
        if known.value is None:
            raise FailedLately
        return known.value
    try:
        value = await ask()
    except Exception:
        _remember(key, None, now + FAILED_FOR)
        raise
    if value is not None:
        _remember(key, value, now + (YES_FOR if value else NO_FOR))
    return value


def _remember(key: Hashable, value: bool | None, until: int) -> None:
    _ANSWERS[key] = _Answer(value, until)
    _ANSWERS.move_to_end(key)
    while len(_ANSWERS) > _MOST:
        _ANSWERS.popitem(last=False)


def _is_yes(value: object) -> bool:
    # Perl's notion of truth, which filters were written for: nothing, zero and "0" are no.
    return value is not None and str(value) not in {"", "0", "False"}


def _frozen(settings: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(settings.items()))
