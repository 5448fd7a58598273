"""Codes that an authenticator shows for half a minute each (TOTP, RFC 6238, with SHA-1 and six digits as all of them know)."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

from mail.instant import SECOND

STEP = 30 * SECOND
DIGITS = 6
# One step either way, for clocks that are not quite right and people who type slowly (RFC 6238, section 5.2).
_DRIFT = 1
_SECRET_OCTETS = 20


def new_totp_secret() -> str:
    """160 random bits in base32, as long as the hash (RFC 4226, section 4)."""
    return base64.b32encode(secrets.token_bytes(_SECRET_OCTETS)).decode()


def code_at(secret: str, step: int) -> str:
    """The six digits of one time step."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: str, typed: str, now: int) -> int | None:
    """The time step whose code was typed, at the instant `now`; None where it is none of those that count."""
    try:
        octets = typed.encode("ascii")
    except UnicodeEncodeError:
        return None
    current = now // STEP
    found = None
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        # All are compared, whichever is right.
        if hmac.compare_digest(code_at(secret, step).encode(), octets):
            found = step
    return found


def totp_uri(secret: str, account: str, issuer: str) -> str:
    """What an authenticator reads from a link or a picture (the otpauth scheme that all of them share)."""
    label = quote(f"{issuer}:{account}", safe="@")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
