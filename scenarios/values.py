"""From a written argument to the values it has in one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scenarios.dialect import Dialect
from scenarios.parameters import POLICIES
from scenarios.request import NOBODY, Request, Value
from scenarios.syntax import Argument, NamedFilter, Pattern, Text, Variable

# What an argument is worth in a request, `[user->email]` standing for one address; may raise UndefinedValue.
Values = Callable[[Request, str | None], tuple[str, ...]]

# Absent from a request, these have no value at all rather than an empty one.
_UNDEFINED_WORDS = frozenset({"msg_body"})
_UNDEFINED_RECORDS = frozenset({"conf", "list", "msg_part"})
_NOTHING: tuple[str, ...] = ()
_EMPTY = ("",)
_SETS = frozenset({"msg_header", "msg_part"})


class UndefinedValue(Exception):
    """The scenario reads a value that this request does not have, so it refuses; check the name of the variable."""

    code = "SCENARIO_UNDEFINED"


def values_of(argument: Argument, request: Request, element: str | None) -> tuple[str, ...]:
    """All values of an argument, in order; `element` is the address that `[user->email]` stands for just now.

    Raises UndefinedValue.
    """
    return reader_of(argument)(request, element)


def reader_of(argument: Argument, dialect: Dialect = Dialect.POSTROOM) -> Values:
    """The function that gives the values of an argument."""
    match argument:
        case Text(value=text) | NamedFilter(name=text) | Pattern(source=text):
            constant = (text,)
            return lambda _request, _element: constant
        case Variable(record=None, name=word):
            return _word_reader(word, dialect)
        case Variable():
            return _record_reader(argument, dialect)
        case _:
            return undefined


def single_reader_of(argument: Argument, dialect: Dialect) -> Values:
    """As `reader_of`, where one plain value is wanted: Sympa then takes what else there is by its inner name."""
    if dialect is Dialect.SYMPA and is_set(argument):
        return reader_of(Text("ARRAY(0x1)"), dialect)
    if dialect is Dialect.SYMPA and isinstance(argument, Pattern):
        return reader_of(Text(f"(?^i:{argument.source})"), dialect)
    return reader_of(argument, dialect)


def compared_reader_of(argument: Argument, dialect: Dialect) -> Values:
    """As `reader_of`, for what is compared with one value: Sympa fails over the name of a policy and over a pattern."""
    if dialect is Dialect.POSTROOM:
        return reader_of(argument, dialect)
    if isinstance(argument, Pattern) or is_policy(argument):
        return undefined
    read = reader_of(argument, dialect)
    if argument == Variable(None, "msg_body"):
        return lambda request, element: read(request, element) or _EMPTY
    return read


def is_set(argument: Argument) -> bool:
    """Whether an argument stands for any number of values."""
    return isinstance(argument, Variable) and argument.record in _SETS and argument.index is None


def is_structure(argument: Argument) -> bool:
    """Whether an argument is anything but a plain value to Sympa."""
    return isinstance(argument, Pattern) or is_set(argument) or is_policy(argument)


def is_policy(argument: Argument) -> bool:
    """Whether an argument names a setting that holds the name of a scenario, which Sympa keeps as a structure."""
    return isinstance(argument, Variable) and argument.record == "list" and argument.name in POLICIES


def undefined(_request: Request, _element: str | None) -> tuple[str, ...]:
    """The value of what has none: raises UndefinedValue."""
    raise UndefinedValue


def _word_reader(word: str, dialect: Dialect) -> Values:
    match word:
        case "sender":
            return lambda request, _element: (request.sender or NOBODY,)
        case "email":
            return lambda request, _element: (request.email or request.sender or NOBODY,)
        case "listname":
            return lambda request, _element: (request.list_name,)
        case "domain":
            return lambda request, _element: (request.domain,)

    if word == "host" and dialect is Dialect.SYMPA:
        # The old word for the domain is filled in for lists alone.
        return lambda request, _element: (request.domain if request.list_name else "",)
    absent = _absent_word(word, dialect)

    def read(request: Request, _element: str | None) -> tuple[str, ...]:
        value = request.variables.get(word)
        if value is None:
            return _given(absent)
        return (value,) if isinstance(value, str) else value

    return read


def _absent_word(word: str, dialect: Dialect) -> tuple[str, ...] | None:
    """What a word is worth that a request does not have: None is an error, but Sympa knows no such errors."""
    if dialect is Dialect.SYMPA and word == "is_bcc":
        # No message is addressed to nobody, so to the list neither.
        return ("1",)
    if word in _UNDEFINED_WORDS:
        return _EMPTY if dialect is Dialect.SYMPA else None
    return ("unknown_host",) if word == "remote_host" else _EMPTY


def _given(values: tuple[str, ...] | None) -> tuple[str, ...]:
    if values is None:
        raise UndefinedValue
    return values


def _record_reader(variable: Variable, dialect: Dialect) -> Values:
    if dialect is Dialect.POSTROOM and (variable.record, variable.name) == ("user", "email"):
        return lambda _request, element: _NOTHING if element is None else (element,)
    if dialect is Dialect.POSTROOM and (variable.record, variable.name) == ("user", "main_email"):
        return lambda request, _element: (request.sender,)
    if dialect is Dialect.SYMPA and is_policy(variable):
        return lambda _request, _element: ("HASH(0x1)",)
    record, name, index = variable.record or "", variable.name, variable.index
    find = _field if record == "msg_header" else _plain
    absent, unnamed = _absent_in(record, dialect)

    def read(request: Request, _element: str | None) -> tuple[str, ...]:
        held = request.records.get(record)
        value = None if held is None else find(held, name)
        if value is None:
            return _given(absent if held is None else unnamed)
        values = (value,) if isinstance(value, str) else value
        return values if index is None else _indexed(values, index, record)

    return read


def _absent_in(record: str, dialect: Dialect) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """What is worth a record that the request does not bring, and a name that the record does not hold."""
    if dialect is Dialect.SYMPA:
        # The record of the subscriber has never worked there: whatever reads it is refused.
        absent = None if record == "subscriber" else _EMPTY
        return (_NOTHING, _NOTHING) if record == "msg_part" else (absent, _EMPTY)
    if record == "msg_part":
        return None, _NOTHING
    return (None, None) if record in _UNDEFINED_RECORDS else (_EMPTY, _EMPTY)


def _plain(fields: Mapping[str, Value], name: str) -> Value | None:
    return fields.get(name)


def _field(fields: Mapping[str, Value], name: str) -> Value | None:
    """The values of a header field, whose name is the same in any letter case (RFC 5322, section 1.2.2)."""
    if name in fields:
        return fields[name] or ("",)
    folded = name.lower()
    return next((fields[one] or ("",) for one in fields if one.lower() == folded), None)


def _indexed(values: tuple[str, ...], index: int, record: str) -> tuple[str, ...]:
    """The one value asked for; where there are fewer, an empty one as for an absent field, or no part."""
    if -len(values) <= index < len(values):
        return (values[index],)
    return _NOTHING if record == "msg_part" else _EMPTY
