"""Attempts to sign in, sealed into opaque strings that a client holds and cannot read, change or make."""

import base64
import binascii
import secrets
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from identity.refusal import Refused
from storage.site import Site

_NONCE = 12


class AttemptInvalid(Refused):
    """This attempt to sign in has lapsed; begin again."""

    code = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One begun sign-in, in one robot; `ticket_id` names the ticket whose code is awaited."""

    provider: str
    robot_id: int
    expires_at: int
    return_to: str = ""
    ticket_id: int | None = None


def seal(site: Site, attempt: Attempt) -> str:
    """The opaque string for an attempt."""
    return sealed(site, "attempt", asdict(attempt))


def unseal(site: Site, text: str, robot_id: int, now: int) -> Attempt:
    """The attempt in a string; raises AttemptInvalid when it is not ours, of another robot, or too old."""
    attempt = Attempt(**opened(site, "attempt", text))
    if attempt.robot_id != robot_id or attempt.expires_at <= now:
        raise AttemptInvalid
    return attempt


def sealed(site: Site, purpose: str, value: Any) -> str:
    """A JSON value as an opaque string, for one purpose."""
    nonce = secrets.token_bytes(_NONCE)
    octets = AESGCM(site.key(purpose)).encrypt(nonce, orjson.dumps(value), None)
    return base64.urlsafe_b64encode(nonce + octets).decode().rstrip("=")


def opened(site: Site, purpose: str, text: str) -> Any:
    """The JSON value in a string that was sealed for this purpose; raises AttemptInvalid when it is not ours."""
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return orjson.loads(AESGCM(site.key(purpose)).decrypt(octets[:_NONCE], octets[_NONCE:], None))
    except (ValueError, binascii.Error, InvalidTag) as problem:
        raise AttemptInvalid from problem
