"""Passwords: which are refused, and how the others are kept."""

import asyncio

import pytest
from argon2 import PasswordHasher

from identity import passwords
from identity.refusal import Invalid


@pytest.mark.parametrize(
    "text",
    ["", "seven77", "password", "PASSWORD", "12345678", "aaaaaaaaaaaa", " " * 12, "x" * 1025, "abc\0defghij"],
)
def test_short_endless_and_common_passwords_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check(text)
    assert refused.value.path == ("new_password",)


@pytest.mark.parametrize("text", ["correct horse", "only lower case letters", "пароль-длинный", "x1" * 512])
def test_any_other_composition_is_fine(text: str) -> None:
    passwords.check(text)


async def test_a_hash_names_its_algorithm_and_parameters() -> None:
    made = await passwords.hash_password("correct horse")
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(made, "correct horse") == (True, False)
    assert await passwords.verify(made, "Correct horse") == (False, False)


async def test_the_same_password_never_has_the_same_hash() -> None:
    assert await passwords.hash_password("correct horse") != await passwords.hash_password("correct horse")


async def test_two_spellings_that_look_alike_are_one_password() -> None:
    made = await passwords.hash_password("caf\u00e9 au lait")
    assert await passwords.verify(made, "cafe\u0301 au lait") == (True, False)


async def test_nobody_matches_the_dummy_which_costs_what_others_cost() -> None:
    assert await passwords.verify(None, "") == (False, False)
    assert (
        PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).check_needs_rehash(
            passwords.DUMMY_HASH
        )
        is False
    )


@pytest.mark.parametrize("stored", ["", "plain text", "$1$md5crypt$xyz", "$argon2id$v=19$broken"])
async def test_what_is_no_argon2_hash_matches_nothing(stored: str) -> None:
    assert await passwords.verify(stored, stored) == (False, False)


async def test_the_event_loop_goes_on_while_passwords_are_verified() -> None:
    made = await passwords.hash_password("correct horse")
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(passwords.verify(made, "correct horse") for _ in range(6)))
    ticking.cancel()
    assert ticks > 5
