"""A signed assertion: a JWT (RFC 7523) by which an application says for whom it speaks, read and checked in full."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc.jws import JWSRegistry

from identity.application_keys import algorithms_for, usable
from identity.refusal import Refused
from mail.instant import MINUTE, SECOND
from storage.tables.applications import ApplicationKey

LONGEST = 16_384
LONGEST_ID = 200
MOST_VARIABLES = 50
LONGEST_VALUE = 2_000
# How far ahead it may end, and how much its maker's clock may be ahead of ours.
LONGEST_LIFE = 5 * MINUTE
SKEW = 30 * SECOND
# Nothing else may stand in the header: no key that comes along, no address of one, no extension (RFC 8725 section 3).
_HEADER = frozenset({"alg", "kid", "typ"})
_TYPES = frozenset({"JWT", "JOSE"})


class AssertionRefused(Refused):
    """This assertion is not accepted here."""

    code = "WRONG_CREDENTIALS"

    def __init__(self, why: str, *, is_signed: bool = False) -> None:
        """`why` is for the domain's own audit, and whoever sent the assertion is always told the same.

        `is_signed` tells that the application did sign it, and only what it says was not accepted.
        """
        super().__init__(path=("assertion",))
        self.why = why
        self.is_signed = is_signed


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an application said, once its signature and its dates have been found right; instants in microseconds."""

    client_id: str
    subject: str
    id: str
    expires_at: int
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unread:
    """An assertion that nothing is known of but what it claims: by whom it is, and under which key and algorithm."""

    text: str
    issuer: str
    kid: str
    algorithm: str


def unread(text: str) -> Unread:
    """Whose keys an assertion has to be checked with; raises AssertionRefused for what is none."""
    parts = text.split(".") if len(text) <= LONGEST and text.isascii() else []
    if len(parts) != 3 or not all(parts):
        raise AssertionRefused("malformed")
    header, claims = (_object(_decoded(part)) for part in parts[:2])
    kind = header.get("typ", "JWT")
    if header.keys() - _HEADER or not isinstance(kind, str) or kind.upper() not in _TYPES:
        raise AssertionRefused("header")
    issuer, kid, algorithm = claims.get("iss"), header.get("kid"), header.get("alg")
    if not isinstance(issuer, str) or not isinstance(kid, str) or not isinstance(algorithm, str):
        raise AssertionRefused("malformed")
    return Unread(text, issuer, kid, algorithm)


def check(given: Unread, keys: Sequence[ApplicationKey], *, audience: str, now: int) -> Assertion:
    """What the assertion says, signed by one of these keys, meant for `audience` alone and good at the instant `now`.

    Raises AssertionRefused.
    """
    key = next((each for each in keys if each.kid == given.kid), None)
    if key is None:
        raise AssertionRefused("unknown key")
    if (key.not_before or 0) > now or (key.not_after is not None and key.not_after <= now):
        raise AssertionRefused("key not in force")
    public = usable(key.jwk)
    algorithms = algorithms_for(public, key.algorithm)
    if given.algorithm not in algorithms:
        raise AssertionRefused("algorithm")
    signed, _, signature = given.text.rpartition(".")
    # Under the name of RFC 9864 the library has nothing to warn of; the algorithm is the same.
    model = JWSRegistry.algorithms["Ed25519" if given.algorithm == "EdDSA" else given.algorithm]
    if not model.verify(signed.encode(), _decoded(signature), public):
        raise AssertionRefused("signature")
    return _said(_object(_decoded(signed.partition(".")[2])), given.issuer, audience, now)


def unfit(why: str) -> AssertionRefused:
    """The refusal of an assertion that is signed as it should be."""
    return AssertionRefused(why, is_signed=True)


def _said(claims: Mapping[str, Any], issuer: str, audience: str, now: int) -> Assertion:
    if claims.get("iss") != issuer:
        raise unfit("issuer")
    if claims.get("aud") not in (audience, [audience]):
        raise unfit("audience")
    expires_at = _dated(claims, now)
    # RFC 8693 section 4.1: who acts; here nobody but the application itself.
    if "act" in claims and claims["act"] != {"sub": issuer}:
        raise unfit("actor")
    subject, id = claims.get("sub"), claims.get("jti")
    if not isinstance(subject, str) or not subject:
        raise unfit("subject")
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise unfit("id")
    return Assertion(issuer, subject, id, expires_at, _variables(claims.get("assertions", {})))


def _dated(claims: Mapping[str, Any], now: int) -> int:
    """The end of it; raises AssertionRefused unless it was made before now and ends after now, in five minutes at most."""
    expires_at, made_at = _instant(claims.get("exp")), _instant(claims.get("iat"))
    begins_at = _instant(claims.get("nbf", claims.get("iat")))
    if expires_at is None or made_at is None or begins_at is None:
        raise unfit("dates")
    if expires_at <= now or expires_at <= made_at:
        raise unfit("expired")
    if expires_at > now + LONGEST_LIFE:
        raise unfit("too long")
    if max(made_at, begins_at) > now + SKEW:
        raise unfit("future")
    return expires_at


def _variables(given: object) -> Mapping[str, str]:
    if not isinstance(given, dict) or len(given) > MOST_VARIABLES:
        raise unfit("variables")
    if not all(isinstance(value, str) and len(value) <= LONGEST_VALUE for value in given.values()):
        raise unfit("variables")
    return given


def _instant(value: object) -> int | None:
    """A NumericDate (RFC 7519 section 2) in microseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        return None
    return int(value * SECOND)


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise AssertionRefused("malformed") from None


def _object(raw: bytes | str) -> dict[str, Any]:
    """A JSON object in which no name stands twice: two readers could take it for two things (RFC 8725 section 2.4)."""
    try:
        found = json.loads(raw, object_pairs_hook=_once_each, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise AssertionRefused("malformed") from None
    if not isinstance(found, dict):
        raise AssertionRefused("malformed")
    return found


def _once_each(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not JSON")
