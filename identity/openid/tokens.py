"""Reads the tokens of an OpenID provider: a signature by one of its keys first, then every claim.

OpenID Connect Core 1.0 section 3.1.3.7, Back-Channel Logout 1.0 section 2.6, RFC 8725; pitfalls 17, 19 and 22.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.claims import JWTClaims
from authlib.oidc.core import CodeIDToken
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry

from identity.openid.discovery import OpenIDProvider, fetch_keys_again
from identity.openid.settings import OpenIDSettings
from identity.provider import NotProved
from mail.instant import SECOND

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
# Parameters by which a token would bring its own key, or its own rules for reading it.
_FOREIGN = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip"})
# How long a provider may take to bring a logout token to us.
LOGOUT_AGE = 600
# OpenID Connect Core 1.0 section 2 bounds a subject; the others are of the same kind.
_LONGEST_NAME = 255
_END_OF_TIME = 2**36


class UnknownKey(NotProved):
    """The token is signed with no key that the provider publishes."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token has to answer: the nonce that was sent, and whether the person was to prove themselves anew
    after the instant `asked_at`.
    """

    nonce: str
    is_fresh: bool
    asked_at: int
    access_token: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature was checked."""

    header: Mapping[str, Any]
    claims: dict[str, Any]


async def verified(settings: OpenIDSettings, provider: OpenIDProvider, raw: str, now: int) -> Token:
    """A token that one of the provider's keys has signed; raises NotProved.

    Where no key fits, the keys are fetched again, at most once a minute.
    """
    try:
        return _verified(settings, provider.keys, raw)
    except UnknownKey:
        if not await fetch_keys_again(settings, provider, now):
            raise
    return _verified(settings, provider.keys, raw)


class _Pinned(JWSRegistry):
    """Knows the algorithms of the settings and no other; header parameters that nobody knows are ignored (RFC 7515)."""

    max_header_length = 4096

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise NotProved(f"the algorithm {name[:20]!r} is not believed")
        return self.algorithms[name]


def _verified(settings: OpenIDSettings, keys: Iterable[Key], raw: str) -> Token:
    registry = _Pinned(algorithms=settings.algorithms, strict_check_header=False)
    try:
        token = jws.extract_compact(raw.encode("ascii"), registry=registry)
        header = token.headers()
        _check_header(header)
        fitting = [key for key in keys if _fits(key, header, registry)]
        if not any(jws.validate_compact(token, key, registry=registry) for key in fitting):
            raise UnknownKey("no published key has made the signature")
        claims = json.loads(token.payload or b"")
    except (JoseError, ValueError, TypeError, RecursionError) as problem:
        raise NotProved(f"the token cannot be read: {type(problem).__name__}") from problem
    if not isinstance(claims, dict):
        raise NotProved("the token holds no claims")
    return Token(header, claims)


def _check_header(header: Any) -> None:
    if not isinstance(header, dict) or not isinstance(header.get("alg"), str):
        raise NotProved("the token names no algorithm")
    if foreign := sorted(_FOREIGN & header.keys()):
        raise NotProved(f"the token's header has {foreign[0]}")


def _fits(key: Key, header: Mapping[str, Any], registry: _Pinned) -> bool:
    """The key has the name that the token gives, if it gives one, and is made for its algorithm."""
    algorithm = registry.get_alg(header["alg"])
    kid = header.get("kid")
    if kid is not None and key.kid != kid:
        return False
    try:
        algorithm.check_key(key)
    except JoseError:
        return False
    return True


async def read_id_token(
    settings: OpenIDSettings, provider: OpenIDProvider, raw: str, expected: Expected, now: int
) -> dict[str, Any]:
    """The claims of an ID token that was made by this provider, for us, now, in answer to our request; or NotProved."""
    token = await verified(settings, provider, raw, now)
    if str(token.header.get("typ", "JWT")).upper() != "JWT":
        raise NotProved("the token is of another type than an ID token")
    claims = CodeIDToken(
        token.claims,
        token.header,
        options=_trusted_parties(settings),
        params={
            "nonce": expected.nonce,
            "client_id": settings.client_id,
            "access_token": expected.access_token,
        },
    )
    _validate(settings, claims, now)
    for name in ("sub", "sid", "acr"):
        if name in claims and not is_name(claims[name]):
            raise NotProved(f"the token's {name} is no name")
    # authlib compares a nonce only where one is given to it
    if not expected.nonce or claims.get("nonce") != expected.nonce:
        raise NotProved("the nonce is not the one that was sent")
    _check_authentication(settings, claims, expected, now)
    return dict(claims)


def _trusted_parties(settings: OpenIDSettings) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "values": [settings.issuer]},
        "aud": {"essential": True, "values": [settings.client_id]},
    }


def _validate(settings: OpenIDSettings, claims: Any, now: int) -> None:
    try:
        claims.validate(now=now // SECOND, leeway=settings.clock_skew)
    except (JoseError, ValueError, TypeError) as problem:
        claim = getattr(problem, "claim", "")
        raise NotProved(f"{type(problem).__name__} {claim}".strip()) from problem


def _check_authentication(
    settings: OpenIDSettings, claims: Mapping[str, Any], expected: Expected, now: int
) -> None:
    if settings.acr_values and claims.get("acr") not in settings.acr_values:
        raise NotProved("this kind of authentication (acr) was not asked for")
    at = authenticated_at(claims)
    if at is not None and at > now + settings.clock_skew * SECOND:
        raise NotProved("auth_time is in the future")
    if expected.is_fresh and (at is None or at < expected.asked_at - settings.clock_skew * SECOND):
        raise NotProved("the person did not prove themselves anew (auth_time)")


def authenticated_at(claims: Mapping[str, Any]) -> int | None:
    """The instant at which the person proved themselves, where the token tells it."""
    seconds = claims.get("auth_time")
    # JSON has numbers that no clock shows, and Python reads Infinity and NaN where JSON has none
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < _END_OF_TIME:
        return None
    return int(seconds) * SECOND


def is_name(value: object) -> bool:
    """Whether that can be the name of something: a short text that shows as what it is, with no control characters."""
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_NAME and value.isprintable()


async def read_logout_token(
    settings: OpenIDSettings, provider: OpenIDProvider, raw: str, now: int
) -> dict[str, Any]:
    """The claims of a logout token: which subject or session has ended. Raises NotProved."""
    token = await verified(settings, provider, raw, now)
    if str(token.header.get("typ", "JWT")).lower().removeprefix("application/") not in {"jwt", "logout+jwt"}:
        raise NotProved("the token is of another type than a logout token")
    claims = JWTClaims(token.claims, token.header, options=_trusted_parties(settings))
    for name in ("iat", "jti", "events"):
        if not claims.get(name):
            raise NotProved(f"the logout token has no {name}")
    for name in ("jti", "sub", "sid"):
        if name in claims and not is_name(claims[name]):
            raise NotProved(f"the logout token's {name} is no name")
    _check_logout(settings, claims, now)
    return dict(claims)


def _check_logout(settings: OpenIDSettings, claims: JWTClaims, now: int) -> None:
    _validate(settings, claims, now)
    if "nonce" in claims:
        raise NotProved("the token has a nonce: it is an ID token")
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise NotProved("the token tells of no logout")
    if claims["iat"] < now // SECOND - LOGOUT_AGE - settings.clock_skew:
        raise NotProved("the logout token is too old")
    if "sub" not in claims and "sid" not in claims:
        raise NotProved("the token names neither subject nor session")
