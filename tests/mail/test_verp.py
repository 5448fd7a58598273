"""Return paths that name their recipient: they come back through any relay, and cannot be made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.address import parse_address
from mail.verp import parse_verp, verp_address

KEY = b"k" * 32
NUMBERS = st.integers(0, 2**64 - 1)


@given(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,49}", fullmatch=True), NUMBERS, NUMBERS)
def test_a_return_path_comes_back(list_name: str, recipient: int, delivery: int) -> None:
    address = verp_address(list_name, "lists.example.org", recipient, delivery, KEY)
    local_part, _, domain = address.rpartition("@")
    assert len(local_part) <= 64
    assert domain == "lists.example.org"
    assert parse_verp(local_part, KEY) == (recipient, delivery)
    assert parse_verp(local_part.upper(), KEY) == (recipient, delivery)
    assert parse_verp(local_part.replace("+", "="), KEY) == (recipient, delivery)
    assert parse_verp(local_part, b"another key of 32 octets........") is None


def test_a_return_path_names_its_list_while_there_is_room() -> None:
    assert verp_address("news", "example.org", 7, 9, KEY).startswith("news-bounce+")
    long = verp_address("n" * 60, "example.org", 7, 9, KEY)
    assert long.startswith("bounce+")
    assert parse_verp(parse_address(long).local, KEY) == (7, 9)


def test_a_token_belongs_to_its_list() -> None:
    local_part = verp_address("news", "example.org", 7, 9, KEY).partition("@")[0]
    assert parse_verp(local_part.replace("news", "staff"), KEY) is None
    assert parse_verp(local_part.replace("news-", ""), KEY) is None


def test_any_changed_letter_spoils_the_token() -> None:
    """Pitfall 60: bounces that somebody made up."""
    local_part = verp_address("news", "example.org", 123_456, 9, KEY).partition("@")[0]
    start = local_part.index("+") + 1
    for place in range(start, len(local_part)):
        other = "b" if local_part[place] != "b" else "c"
        assert parse_verp(local_part[:place] + other + local_part[place + 1 :], KEY) is None
    assert parse_verp(local_part[:-1], KEY) is None
    assert parse_verp(local_part + "a", KEY) is None


@pytest.mark.parametrize(
    "local_part", ["", "news", "news-bounce", "news-bounce+", "news-bounce+abc", "bounce+" + "a" * 50]
)
def test_other_addresses_are_no_return_paths(local_part: str) -> None:
    assert parse_verp(local_part, KEY) is None


@given(st.text(max_size=80) | st.from_regex(r"l-bounce\+[a-z2-7]{18,50}", fullmatch=True))
def test_no_local_part_raises(local_part: str) -> None:
    assert parse_verp(local_part, KEY) is None


def test_numbers_out_of_range_are_refused() -> None:
    for number in (-1, 2**64):
        with pytest.raises(ValueError):
            verp_address("l", "example.org", number, 0, KEY)
