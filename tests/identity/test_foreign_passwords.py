"""Passwords that come with hashes of another server: right at the first try, and kept as our own from then on (row 33)."""

import bcrypt
import pytest
from argon2 import PasswordHasher

from identity import passwords
from identity.foreign_passwords import UnknownHash, digest
from identity.passwords import foreign_hash
from identity.sign_in import WrongCredentials
from storage import credentials
from tests.identity.world import World

TEXT = "Correct Horse"
BCRYPT = bcrypt.hashpw(TEXT.encode(), bcrypt.gensalt(4, prefix=b"2a")).decode()
LOWER = bcrypt.hashpw(TEXT.lower().encode(), bcrypt.gensalt(4)).decode()
ARGON = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(TEXT)


@pytest.mark.parametrize(
    ("given", "lowered"),
    [
        (BCRYPT, False),
        (LOWER, True),
        (ARGON, False),
        (digest(TEXT), False),
        (digest(TEXT.lower()).upper(), True),
    ],
    ids=["bcrypt", "bcrypt of small letters", "argon2id", "md5", "md5 of small letters"],
)
async def test_a_hash_from_elsewhere_lets_its_person_in_and_is_ours_from_then_on(
    world: World, given: str, lowered: bool
) -> None:
    person = await world.person("a@one.example")
    stored = await foreign_hash(given, is_lowered=lowered)
    async with world.db.write() as uow:
        await passwords.keep(uow, person.id, stored)
    with pytest.raises(WrongCredentials):
        await world.by_password("a@one.example", "correct donkey")
    assert (await world.by_password("a@one.example", TEXT)).person.id == person.id
    async with world.db.read() as reader:
        kept = await credentials.password_hash(reader, person.id)
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,")
    assert (await world.by_password("a@one.example", TEXT)).person.id == person.id
    with pytest.raises(WrongCredentials):
        await world.by_password("a@one.example", TEXT.lower())


async def test_a_fingerprint_is_not_a_password(world: World) -> None:
    person = await world.person("a@one.example")
    async with world.db.write() as uow:
        await passwords.keep(uow, person.id, await foreign_hash(digest(TEXT)))
        stored = await credentials.password_hash(uow, person.id)
    assert stored is not None
    assert digest(TEXT) not in stored
    with pytest.raises(WrongCredentials):
        await world.by_password("a@one.example", digest(TEXT))


@pytest.mark.parametrize(
    "given",
    [
        "", "plain password", "crypt.ZGVhZGJlZWY=", "$2$10$abc", "$1$salt$hash", f"{digest(TEXT)}0", f"lowered {BCRYPT}",
        BCRYPT.replace("$04$", "$15$"), PasswordHasher(memory_cost=8, time_cost=11, parallelism=1).hash("x"),
    ],
    ids=["nothing", "plain", "rc4", "unknown bcrypt", "unix md5", "long md5", "lowered bcrypt", "dear bcrypt", "dear argon2"],
)  # fmt: skip
async def test_what_can_be_read_or_is_too_dear_is_refused(given: str) -> None:
    with pytest.raises(UnknownHash):
        await foreign_hash(given)


@pytest.mark.parametrize(
    "typed", ["x" * 1024, "a\0b", "ü" * 100, ""], ids=["long", "nul", "letters", "nothing"]
)
async def test_a_strange_password_is_wrong_and_breaks_nothing(typed: str) -> None:
    for given in (BCRYPT, digest(TEXT)):
        assert await passwords.verify(await foreign_hash(given), typed) == (False, False)
