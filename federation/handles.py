"""An address as two servers name it to each other: a keyed hash that tells nobody anything who does not hold it (listfed/1, 6)."""

import base64
import hashlib
import hmac
import secrets


def handle(pair_key: bytes, address_key: str) -> str:
    """The name of an address between two servers: HMAC-SHA-256 under the pair's secret, 43 characters."""
    return _written(hmac.digest(pair_key, b"listfed/1 handle\0" + address_key.encode(), hashlib.sha256))


def no_handle() -> str:
    """A name of the same form that is nobody's."""
    return _written(secrets.token_bytes(32))


def _written(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
