"""HMACs by a key that is used again and again, as for every copy of a message (RFC 2104)."""

import hmac
from functools import lru_cache
from hashlib import sha256


def keyed_hash(key: bytes, octets: bytes) -> bytes:
    """HMAC-SHA-256, 32 octets: what `hmac.digest` says, without setting up the key anew and without letting go of the
    interpreter's lock, which costs more than the hash while other threads sign.
    """
    state = _keyed(key).copy()
    state.update(octets)
    return state.digest()


@lru_cache(maxsize=32)
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod=sha256)
