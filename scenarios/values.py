"""From a written argument to the values it has in one request."""

from __future__ import annotations

from email.utils import getaddresses

from scenarios.request import NOBODY, Request, Value
from scenarios.syntax import Argument, NamedFilter, Text, Variable

# Absent from a request, these have no value at all rather than an empty one.
_UNDEFINED_WORDS = frozenset({"msg_body"})
_UNDEFINED_RECORDS = frozenset({"conf", "list", "msg_part"})


class UndefinedValue(Exception):
    """The scenario reads a value that this request does not have, so it refuses; check the name of the variable."""

    code = "SCENARIO_UNDEFINED"


def values_of(argument: Argument, request: Request, element: str | None) -> tuple[str, ...]:
    """All values of an argument, in order; `element` is the address that `[user->email]` stands for just now.

    Raises UndefinedValue.
    """
    match argument:
        case Text(value=text) | NamedFilter(name=text):
            return (text,)
        case Variable(record=None, name=word):
            return _word(word, request)
        case Variable(record="user", name="email"):
            return () if element is None else (element,)
        case Variable():
            return _record(argument, request)
        case _:
            raise UndefinedValue


def addresses_of(values: tuple[str, ...]) -> list[str]:
    """The addresses in values that are addresses or address lists; strangers and blanks left out."""
    found = []
    for value in values:
        bare = not any(sign in value for sign in ',<>()"; \t\r\n')
        found += [value] if bare else [address for _, address in getaddresses([value])]
    return [address for address in (one.strip() for one in found) if address and address != NOBODY]


def _word(word: str, request: Request) -> tuple[str, ...]:
    match word:
        case "sender":
            return (request.sender,)
        case "email":
            return (request.sender if request.email is None else request.email,)
        case "listname":
            return (request.list_name,)
        case "domain":
            return (request.domain,)
    if word not in request.variables and word in _UNDEFINED_WORDS:
        raise UndefinedValue
    return _several(request.variables.get(word, ""))


def _record(variable: Variable, request: Request) -> tuple[str, ...]:
    if (variable.record, variable.name) == ("user", "main_email"):
        return (request.sender,)
    record = request.records.get(variable.record or "", {})
    name = variable.name
    if variable.record == "msg_header":
        name = next((one for one in record if one.casefold() == name.casefold()), name)
    if name not in record and variable.record in _UNDEFINED_RECORDS:
        raise UndefinedValue
    values = _several(record.get(name, ""))
    return values if variable.index is None else _indexed(values, variable.index)


def _several(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _indexed(values: tuple[str, ...], index: int) -> tuple[str, ...]:
    """The one value asked for; an empty one where the message has fewer, as for an absent field."""
    return (values[index],) if -len(values) <= index < len(values) else ("",)
