"""The terms that compare values of the request and ask nobody: equal, match, less_than, newer, older, verify_netmask."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from scenarios.dates import seconds_of
from scenarios.dialect import Dialect
from scenarios.netmask import block_of, lies_in
from scenarios.patterns import (
    PatternRefused,
    compiled_pattern,
    literal_pattern,
    names_the_domain,
    never_matches,
    occurs,
)
from scenarios.request import Request
from scenarios.syntax import Argument, Pattern, Text, Variable
from scenarios.values import (
    UndefinedValue,
    Values,
    compared_reader_of,
    is_structure,
    reader_of,
    single_reader_of,
)

Told = Callable[[Request, str | None], bool]

_UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPACE = " \t\n\r\f\v"
_REMOTE = Variable(None, "remote_addr")


def folded(text: str) -> str:
    """The text with its ASCII letters in lower case; other letters stay apart from their capitals, as in mail."""
    return text.lower() if text.isascii() else text.translate(_UPPER)


def equal_test(args: tuple[Argument, ...], dialect: Dialect) -> Told:
    """Whether any value of the first argument is the second one, letter case aside."""
    left, right = _two(args, dialect)

    def tell(request: Request, element: str | None) -> bool:
        wanted = _one(right(request, element), dialect)
        return wanted is not None and any(folded(value) == folded(wanted) for value in left(request, element))

    return tell


def less_test(args: tuple[Argument, ...], dialect: Dialect) -> Told:
    """Whether any value of the first argument is less than the second: as numbers if the first is one, else as texts.

    Of the second only the number at its beginning counts then, 0 where there is none.
    """
    left, right = _two(args, dialect)
    # Sympa compares with the place in memory of what is no plain value, and that is a very large number.
    is_huge = dialect is Dialect.SYMPA and is_structure(args[1])

    def tell(request: Request, element: str | None) -> bool:
        wanted = _one(right(request, element), dialect)
        return wanted is not None and any(
            _is_less(value, wanted, is_huge=is_huge) for value in left(request, element)
        )

    return tell


def _is_less(one: str, other: str, *, is_huge: bool) -> bool:
    left, right = one.strip(_SPACE), other.strip(_SPACE)
    if left and right and _NUMBER.fullmatch(left):
        beginning = _NUMBER.match(right)
        return is_huge or float(left) < (0.0 if beginning is None else float(beginning[0]))
    return left.encode("utf-8", "surrogatepass") < right.encode("utf-8", "surrogatepass")


def match_test(args: tuple[Argument, ...], dialect: Dialect) -> Told:
    """Whether the pattern occurs in any value of the first argument; an empty pattern never does."""
    values = reader_of(args[0], dialect)
    pattern_of = _pattern_reader(args[1], dialect)

    def tell(request: Request, element: str | None) -> bool:
        pattern = pattern_of(request, element)
        return pattern is not None and any(occurs(pattern, value) for value in values(request, element))

    return tell


def _pattern_reader(argument: Argument, dialect: Dialect) -> Callable[[Request, str | None], Any]:
    if not isinstance(argument, Pattern):
        read = single_reader_of(argument, dialect)
        return lambda request, element: _written_pattern(next(iter(read(request, element)), ""))
    source = argument.source
    if not source or (dialect is Dialect.SYMPA and never_matches(source)):
        return lambda _request, _element: None
    if names_the_domain(source):
        return lambda request, _element: compiled_pattern(source, request.domain)
    fixed = argument.compiled or compiled_pattern(source, "")
    return lambda _request, _element: fixed


def _written_pattern(source: str) -> Any:
    """The pattern in a text, which Sympa takes as it is and ignores where it does not compile."""
    try:
        return literal_pattern(source) if source else None
    except PatternRefused:
        return None


def newer_test(*, newer: bool) -> Callable[[tuple[Argument, ...], Dialect], Told]:
    """Makers of the tests whether the first date is later than the second (newer), or not (older)."""

    def make(args: tuple[Argument, ...], dialect: Dialect) -> Told:
        left, right = (single_reader_of(arg, dialect) for arg in args)

        def tell(request: Request, element: str | None) -> bool:
            now, current = _clock(request, "execution_date"), _clock(request, "current_date")
            first, second = (
                seconds_of(_one(read(request, element), dialect) or "", now, current)
                for read in (left, right)
            )
            return (first > second) is newer

        return tell

    return make


def _clock(request: Request, name: str) -> int:
    """The moment of the request, which comes with it: this package has no clock."""
    for word in (name, "current_date", "execution_date"):
        value = request.variables.get(word)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
    raise UndefinedValue


def netmask_test(args: tuple[Argument, ...], dialect: Dialect) -> Told:
    """Whether the client's address is in the block; false for a request that came from no address, such as a mail."""
    read = single_reader_of(args[0], dialect)
    client_of = reader_of(_REMOTE, dialect)
    with_masks = dialect is Dialect.POSTROOM
    written = args[0].value if isinstance(args[0], Text) else None
    fixed = block_of(written, with_masks=with_masks) if written is not None and with_masks else None

    def tell(request: Request, element: str | None) -> bool:
        client = _one(client_of(request, element), dialect)
        if not client:
            return False
        block = fixed or block_of(_one(read(request, element), dialect) or "", with_masks=with_masks)
        return lies_in(client, block)

    return tell


def _two(args: tuple[Argument, ...], dialect: Dialect) -> tuple[Values, Values]:
    return compared_reader_of(args[0], dialect), single_reader_of(args[1], dialect)


def _one(values: tuple[str, ...], dialect: Dialect) -> str | None:
    """The only value; several cannot be compared with, which is an error, and for Sympa is equal to nothing."""
    if len(values) == 1:
        return values[0]
    if dialect is Dialect.POSTROOM:
        raise UndefinedValue
    return None if values else ""
