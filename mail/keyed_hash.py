"""HMACs by a key that is used again and again, as for every copy of a message (RFC 2104)."""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Protocol, Self

_BLOCK = 64
_INNER = bytes(octet ^ 0x36 for octet in range(256))
_OUTER = bytes(octet ^ 0x5C for octet in range(256))


class _State(Protocol):
    """A hash of what came so far."""

    def copy(self) -> Self: ...

    def update(self, octets: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


def keyed_hash(key: bytes, octets: bytes) -> bytes:
    """HMAC-SHA-256, 32 octets: what `hmac.digest` says."""
    return keyed_hashes(key, [octets])[0]


def keyed_hashes(key: bytes, texts: Iterable[bytes]) -> list[bytes]:
    """HMAC-SHA-256 of each text: without setting up the key anew and without letting go of the interpreter's lock, which
    costs more than the hash while other threads sign, and without the library's own object around each.
    """
    inner, outer = _keyed(key)
    made: list[bytes] = []
    for text in texts:
        first = inner.copy()
        first.update(text)
        second = outer.copy()
        second.update(first.digest())
        made.append(second.digest())
    return made


@lru_cache(maxsize=32)
def _keyed(key: bytes) -> tuple[_State, _State]:
    """The states of both hashes after the key (RFC 2104, section 4)."""
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return sha256(block.translate(_INNER)), sha256(block.translate(_OUTER))
