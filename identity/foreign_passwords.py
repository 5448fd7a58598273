"""Password hashes that another program made: taken over as they are, and made anew at the first sign-in (row 33)."""

import hashlib
import re

import bcrypt
from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError

from identity.refusal import Invalid

# What a stored hash begins with, in words before the hash itself.
LOWERED, MD5 = "lowered", "md5"
_MD5 = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
# Verifying a dearer one would hold up everybody else who signs in.
_DEAREST_BCRYPT, _DEAREST_MEMORY, _DEAREST_TIME = 14, 262_144, 10
_BCRYPT_READS = 72


class UnknownHash(Invalid):
    """This is no hash of argon2, bcrypt or Sympa's md5, or a needlessly dear one; passwords that can be read are refused."""


def kind_of(text: str) -> str:
    """argon2, bcrypt or md5; raises UnknownHash for anything else, plain passwords and reversible ciphers among them."""
    if _MD5.fullmatch(text):
        return MD5
    if found := _BCRYPT.fullmatch(text):
        if 4 <= int(found[1]) <= _DEAREST_BCRYPT:
            return "bcrypt"
        raise UnknownHash
    try:
        found_parameters = extract_parameters(text)
    except InvalidHashError:
        raise UnknownHash from None
    if found_parameters.memory_cost > _DEAREST_MEMORY or found_parameters.time_cost > _DEAREST_TIME:
        raise UnknownHash
    return "argon2"


def marked(secret_hash: str, *words: str) -> str:
    """A hash as it is stored, with what has to be done to a typed password first."""
    return " ".join([*words, secret_hash])


def prepared(stored: str, text: str) -> tuple[str, str, bool]:
    """The hash itself, the text to verify with it, and whether the hash is to be made anew from what was typed."""
    *words, secret_hash = stored.split(" ")
    if LOWERED in words:
        text = text.lower()
    if MD5 in words:
        text = digest(text)
    return secret_hash, text, bool(words) or not secret_hash.startswith("$argon2id$")


def digest(text: str) -> str:
    """Sympa's md5 fingerprint of a password."""
    return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def is_bcrypt(secret_hash: str) -> bool:
    """Whether bcrypt has to verify it."""
    return secret_hash.startswith("$2")


def verified_by_bcrypt(secret_hash: str, octets: bytes) -> bool:
    """Whether the password is right, as far as bcrypt reads one (72 bytes)."""
    try:
        return bcrypt.checkpw(octets[:_BCRYPT_READS], secret_hash.encode("ascii"))
    except ValueError:
        return False
