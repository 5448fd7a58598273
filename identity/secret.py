"""Secrets that people carry: made of 256 random bits, kept only as hashes, and short codes that are typed by hand."""

import hashlib
import hmac
import secrets

from storage.site import Site

# No letter or digit that is easily taken for another.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8


def new_secret() -> str:
    """256 random bits, as 43 characters that may stand in a URL."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What is kept of a secret: its SHA-256; 256 random bits need neither salt nor slowness."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_code() -> str:
    """A code of 8 characters (39 bits) for somebody who reads mail on one device and types on another."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def shown_code(code: str) -> str:
    """The code in two groups, as people read and type it."""
    return f"{code[:4]}-{code[4:]}"


def typed_code(text: str) -> str:
    """What somebody typed, without blanks and dashes, in capitals."""
    return "".join(text[:64].split()).replace("-", "").upper()


def code_hash(site: Site, code: str, bound_to: str) -> str:
    """What is kept of a code: keyed, since 39 bits could be guessed from a stolen table, and bound to one use."""
    text = f"{bound_to}\0{code}".encode("utf-8", "surrogatepass")
    return hmac.new(site.key("code"), text, hashlib.sha256).hexdigest()


def code_is_right(site: Site, typed: str, bound_to: str, expected: str) -> bool:
    """Whether somebody typed the code whose hash is `expected`."""
    return hmac.compare_digest(code_hash(site, typed_code(typed), bound_to), expected)
