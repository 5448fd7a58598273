"""Codes of authenticators are those of RFC 6238, and count for a step either way."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.totp import STEP, code_at, matching_step, new_totp_secret, totp_uri
from mail.instant import SECOND

# RFC 6238, appendix B; six digits are the last six of its eight.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "287082",
    1_111_111_109: "081804",
    1_111_111_111: "050471",
    1_234_567_890: "005924",
    2_000_000_000: "279037",
    20_000_000_000: "353130",
}


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds // 30) == code
    assert matching_step(SECRET, code, seconds * SECOND) == seconds // 30


@pytest.mark.parametrize(("late", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_one_step_early_or_late(late: int, *, counts: bool) -> None:
    now = 1_900_000_000 * SECOND
    step = now // STEP
    assert (matching_step(SECRET, code_at(SECRET, step), now + late * STEP) == step) is counts


@given(st.text(max_size=12))
def test_nothing_else_is_a_code(typed: str) -> None:
    now = 1_900_000_000 * SECOND
    right = {code_at(SECRET, now // STEP + drift) for drift in (-1, 0, 1)}
    assert (matching_step(SECRET, typed, now) is None) == (typed not in right)


def test_secrets_are_long_and_different() -> None:
    made = {new_totp_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(len(base64.b32decode(each)) == 20 for each in made)


def test_the_link_for_an_authenticator_names_account_and_issuer() -> None:
    assert totp_uri("ABC", "a@one.example", "Lists & more") == (
        "otpauth://totp/Lists%20%26%20more%3Aa@one.example?secret=ABC&issuer=Lists%20%26%20more"
    )
