"""The API's own leaf types: what they accept, how they are written, and which standard says so."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NewType, TypeVar
from urllib.parse import urlsplit

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from mail.address import parse_address
from mail.instant import DAY, SECOND, format_duration, from_rfc3339, parse_duration, to_rfc3339

T = TypeVar("T")

EmailAddress = NewType("EmailAddress", str)
"""An address as given, its domain folded."""
DateTime = NewType("DateTime", int)
"""An instant: microseconds since the epoch, UTC."""
Duration = NewType("Duration", int)
"""A length of time in microseconds."""
Url = NewType("Url", str)
"""An absolute http or https URL."""
Locale = NewType("Locale", str)
"""A BCP 47 language tag."""
ByteSize = NewType("ByteSize", int)
"""A count of bytes."""
Json = NewType("Json", object)
"""A JSON value."""

_LONGEST_URL = 2048
_LARGEST_SIZE = 2**63


def _refused(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def _text(read: Callable[[str], T]) -> Callable[[Any], T]:
    """A parser of text that answers anything else, and every ValueError, with a coded error."""

    def parse(value: Any) -> T:
        if not isinstance(value, str):
            raise _refused("A text is wanted here.")
        try:
            return read(value)
        except ValueError as problem:
            raise _refused(str(problem)) from None

    return parse


def _email(text: str) -> str:
    return str(parse_address(text))


def _url(text: str) -> str:
    parts = urlsplit(text)
    plain = text.isprintable() and " " not in text and len(text) <= _LONGEST_URL
    if not plain or parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("Write an absolute http or https URL.")
    return text


def _locale(text: str) -> str:
    parts = text.replace("_", "-").split("-")
    fits = len(text) <= 35 and all(
        1 <= len(part) <= 8 and part.isascii() and part.isalnum() for part in parts
    )
    if not fits or not 2 <= len(parts[0]) <= 8 or not parts[0].isalpha():
        raise ValueError("Write a language tag such as en or pt-BR.")
    return "-".join(parts)


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    return to_rfc3339(days * DAY)[:10]


def _instant(instant: Any) -> str:
    """RFC 3339 in UTC; lists of many instants repeat few days."""
    if instant.__class__ is not int:
        raise TypeError("An instant is a whole number of microseconds.")
    days, rest = divmod(instant, DAY)
    seconds, micros = divmod(rest, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    return f"{_date(days)}T{hour:02d}:{minute:02d}:{second:02d}{fraction}Z"


def _size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) >= _LARGEST_SIZE:
        raise ValueError("Write a count of bytes in decimal digits.")
    return int(text)


SCALARS: dict[object, ScalarDefinition] = {
    EmailAddress: strawberry.scalar(
        name="EmailAddress",
        description="A mailbox as RFC 5321 writes it; the domain is folded to lower case and A-labels on output, the local part is kept as given.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2",
        parse_value=_text(_email),
    ),
    DateTime: strawberry.scalar(
        name="DateTime",
        description="An RFC 3339 instant, always with offset `Z` on output.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=_instant,
        parse_value=_text(from_rfc3339),
    ),
    Duration: strawberry.scalar(
        name="Duration",
        description="An ISO 8601 duration such as `P1D` or `PT30S`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#appendix-A",
        serialize=format_duration,
        parse_value=_text(parse_duration),
    ),
    Url: strawberry.scalar(
        name="URL",
        description="An absolute http or https URL.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986#section-4.3",
        parse_value=_text(_url),
    ),
    Locale: strawberry.scalar(
        name="Locale",
        description="A BCP 47 language tag.",
        specified_by_url="https://www.rfc-editor.org/info/bcp47",
        parse_value=_text(_locale),
    ),
    ByteSize: strawberry.scalar(
        name="ByteSize",
        description="A count of bytes, as a decimal string, since it can pass 2^31.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc5234#section-3.4",
        serialize=str,
        parse_value=_text(_size),
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="A JSON value of another standard's, such as a key (RFC 7517).",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
"""Each Python type with the scalar that it is in the API."""
