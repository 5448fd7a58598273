"""What each scalar accepts, how it is written, and that everything else is refused with a code."""

from typing import Any

import pytest
from graphql import GraphQLError, GraphQLScalarType
from hypothesis import given
from hypothesis import strategies as st

from mail.instant import to_rfc3339
from schema.schema import schema
from server.graphql.face import core_schema

OURS = ("EmailAddress", "DateTime", "Duration", "URL", "Locale", "ByteSize")


def scalar(name: str) -> GraphQLScalarType:
    """The scalar of that name in the schema."""
    found = core_schema(schema).get_type(name)
    if isinstance(found, GraphQLScalarType):
        return found
    raise LookupError(name)


def refusal(name: str, value: Any) -> GraphQLError | None:
    """What a scalar says against a value; any other exception is a fault of ours."""
    try:
        scalar(name).coerce_input_value(value)
    except GraphQLError as refused:
        return refused
    return None


KNOWN = [each for each in OURS if core_schema(schema).get_type(each) is not None]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("EmailAddress", "Alice@Example.EDU", "Alice@example.edu"),
        ("DateTime", "2026-01-31T12:00:00.5+01:00", 1_769_857_200_500_000),
        ("URL", "https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("Locale", "pt_BR", "pt-BR"),
        ("ByteSize", "9007199254740993", 9_007_199_254_740_993),
    ],
)
def test_a_good_value_is_read(name: str, text: str, expected: Any) -> None:
    assert scalar(name).coerce_input_value(text) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("EmailAddress", "alice"),
        ("EmailAddress", "a@b\r\nBcc: x@y"),
        ("EmailAddress", "Alice <alice@example.edu>"),
        ("DateTime", "2026-01-31"),
        ("DateTime", "2026-13-31T00:00:00Z"),
        ("URL", "javascript:alert(1)"),
        ("URL", "//example.org"),
        ("URL", "https://user@example.org/"),
        ("URL", "https:///nowhere"),
        ("URL", "https://[broken"),
        ("Locale", "e"),
        ("Locale", "en/../x"),
        ("ByteSize", "-1"),
        ("ByteSize", "9" * 30),
        ("ByteSize", "²"),
    ],
)
def test_a_bad_value_is_bad_input(name: str, text: str) -> None:
    with pytest.raises(GraphQLError) as refused:
        scalar(name).coerce_input_value(text)
    assert refused.value.extensions == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize("name", KNOWN)
@given(value=st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.text()), st.text()))
def test_no_value_makes_a_scalar_fail(name: str, value: Any) -> None:
    refused = refusal(name, value)
    assert refused is None or refused.extensions == {"code": "BAD_USER_INPUT"}


@given(instant=st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999))
def test_every_instant_is_written_as_mail_writes_it(instant: int) -> None:
    assert scalar("DateTime").coerce_output_value(instant) == to_rfc3339(instant)


def test_instants_are_written_in_utc() -> None:
    assert scalar("DateTime").coerce_output_value(1_769_857_200_500_000) == "2026-01-31T11:00:00.5Z"
    assert scalar("ByteSize").coerce_output_value(9_007_199_254_740_993) == "9007199254740993"
