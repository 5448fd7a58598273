"""Passwords: which are acceptable, and their argon2id hashes, computed beside the event loop (row 33)."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from identity import foreign_passwords
from identity.refusal import Invalid
from storage import credentials
from storage.database import UnitOfWork

T = TypeVar("T")

SHORTEST = 8
LONGEST = 1024

# RFC 9106 by the OWASP profile: 19 MiB, two passes, one lane; 24 ms where the default takes 115.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Two threads bound the memory (2 x 19 MiB) and leave the event loop its processor.
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="argon2")
# Of random bytes that nobody kept: verified for people who do not exist, so that they take as long as others.
DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$5adaBse+mkrr+5xxedCZmA$Bok8R8qP/t0xe6nhYGMkVy4rBD/nC7K7006qQ8qf234"
)
_COMMON_WORDS = (
    "12345678 123456789 1234567890 12345678910 87654321 11111111 00000000 88888888 11223344 123123123 147258369 "
    "987654321 password password1 password12 password123 passw0rd p@ssw0rd p@ssword qwertyui qwertyuiop qwerty123 "
    "qwerty12 1q2w3e4r 1q2w3e4r5t 1qaz2wsx zaq12wsx qazwsxedc asdfghjk asdfghjkl zxcvbnm123 iloveyou iloveyou1 "
    "sunshine princess football baseball basketball superman superman1 batman123 trustno1 welcome1 welcome123 "
    "letmein1 letmein123 changeme changeme1 administrator admin123 admin1234 adminadmin abcd1234 abc12345 abcdefgh "
    "abcdefg1 a1b2c3d4 aa123456 monkey123 dragon123 master123 shadow123 michael1 jennifer computer internet "
    "starwars whatever samsung1 liverpool chocolate test1234 testtest default1 secret123 mailman1 sympasympa "
    "postroom postroom1 mailinglist"
)
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(slots=True)
class Work:
    """How much hashing this process has done since it started, for the metrics page."""

    hashed: int = 0
    verified: int = 0


work = Work()


def check(text: str) -> None:
    """Raise Invalid unless this may be a password: 8 to 1024 characters and none that everybody tries first."""
    if len(text) < SHORTEST:
        raise Invalid(f"A password has at least {SHORTEST} characters.", path=("new_password",))
    if len(text) > LONGEST:
        raise Invalid(f"A password has at most {LONGEST} characters.", path=("new_password",))
    if not text.strip() or "\0" in text or any(unicodedata.category(letter) == "Cs" for letter in text):
        raise Invalid("A password is made of characters that can be typed.", path=("new_password",))
    if text.casefold() in _COMMON or len(set(text)) == 1:
        raise Invalid(
            "This password is among the first that anybody tries; choose another.", path=("new_password",)
        )


async def hash_password(text: str) -> str:
    """The PHC string of a password; its acceptability is `check`'s business."""
    work.hashed += 1
    return await _beside(lambda: _HASHER.hash(_octets(text)))


async def verify(stored: str | None, text: str) -> tuple[bool, bool]:
    """Whether the password is right, and whether its hash should be made anew with today's parameters.

    With None, for a person who does not exist or has no password, the same work is done and the answer is no.
    """
    work.verified += 1
    return await _beside(lambda: _verified(stored, text))


async def foreign_hash(text: str, *, is_lowered: bool = False) -> str:
    """What to store for a hash that another program made; raises UnknownHash.

    With `is_lowered`, that program took passwords in lower case (Sympa's password_case insensitive). An md5 fingerprint,
    which anybody could try out, is hashed once more, and what is typed goes the same way.
    """
    words = [foreign_passwords.LOWERED] if is_lowered else []
    if foreign_passwords.kind_of(text) != foreign_passwords.MD5:
        return foreign_passwords.marked(text, *words)
    return foreign_passwords.marked(await hash_password(text.lower()), *words, foreign_passwords.MD5)


async def keep(uow: UnitOfWork, person_id: int, secret_hash: str) -> None:
    """Make this hash the person's password, in place of any other."""
    await credentials.set_password_hash(uow, person_id, secret_hash)


def _verified(stored: str | None, text: str) -> tuple[bool, bool]:
    secret_hash, typed, is_foreign = foreign_passwords.prepared(
        DUMMY_HASH if stored is None else stored, text
    )
    if foreign_passwords.is_bcrypt(secret_hash):
        is_right = foreign_passwords.verified_by_bcrypt(secret_hash, typed.encode("utf-8", "surrogatepass"))
        return is_right, is_right
    try:
        _HASHER.verify(secret_hash, _octets(typed))
    except (VerificationError, InvalidHashError):
        return False, False
    return stored is not None, stored is not None and (is_foreign or _HASHER.check_needs_rehash(secret_hash))


def _octets(text: str) -> bytes:
    # One spelling for what looks the same on every keyboard (RFC 8265); nobody makes us hash a novel.
    return unicodedata.normalize("NFC", text[:LONGEST]).encode("utf-8", "surrogatepass")


async def _beside(task: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, task)
