"""Sign-in with a badge: a desk sends the browser back with a signed token that says who stood there.

A sample of a provider that is shipped apart from Postroom. Its desk does not exist; everything else is as it should be.
"""

import json
from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import Field

from identity.provider import (
    Claimed,
    Evidence,
    Finding,
    Inbound,
    NotProved,
    Once,
    Place,
    ProviderAway,
    ProviderSettings,
    Redirect,
    Wish,
)
from identity.secrets_by_reference import SecretMissing, SecretReference, secret_of
from storage.tables.words import AddressSource, SignInMethod

METHOD = SignInMethod.OIDC
SOURCE = AddressSource.OIDC
SKEW = 60
LONGEST = 8192


class Settings(ProviderSettings):
    """What a domain's file says about the desk."""

    desk: str = Field(pattern="^https://", description="Where the desk is.")
    issuer: str = Field(description="What the desk calls itself.")
    key: SecretReference = Field(description="The desk's public key in PEM: file:/PATH.")


async def begin(settings: Settings, place: Place, wish: Wish) -> Redirect:
    """Send the browser to the desk, with a nonce that only this sign-in knows."""
    nonce = token_urlsafe(24)
    asked = {"return": place.callback_url, "audience": place.own_url, "state": wish.state, "nonce": nonce}
    if wish.is_fresh:
        asked["fresh"] = "yes"
    return Redirect(f"{settings.desk}?{urlencode(asked)}", {"nonce": nonce})


def state_of(settings: Settings, inbound: Inbound) -> str:
    """The state that the desk handed back."""
    return inbound.query.get("state", "")


async def complete(settings: Settings, place: Place, inbound: Inbound, kept: Mapping[str, str]) -> Evidence:
    """Read the badge; raises NotProved for one that is not the desk's, not for us, not for this sign-in, or not for now."""
    claims = read_badge(settings, inbound.query.get("badge", ""))
    now = place.now // 1_000_000
    if claims.get("iss") != settings.issuer:
        raise NotProved("another desk's badge")
    if claims.get("aud") != place.own_url:
        raise NotProved("a badge for another service")
    if not kept.get("nonce") or claims.get("nonce") != kept["nonce"]:
        raise NotProved("a badge of another sign-in")
    if seconds(claims, "exp") <= now - SKEW:
        raise NotProved("the badge has expired")
    if seconds(claims, "iat") > now + SKEW:
        raise NotProved("the badge is of the future")
    return Evidence(
        issuer=settings.issuer,
        subject=text(claims, "sub"),
        addresses=(Claimed(text(claims, "email"), is_verified=claims.get("email_verified") is True),),
        display_name=str(claims.get("name", "")),
        authenticated_at=seconds(claims, "iat") * 1_000_000,
        once=(Once(f"badge:{text(claims, 'jti')}", (seconds(claims, "exp") + 2 * SKEW) * 1_000_000),),
    )


async def check(settings: Settings, place: Place) -> list[Finding]:
    """Whether the key can be read."""
    try:
        desk_key(settings)
    except ProviderAway as away:
        return [Finding(is_good=False, text=away.detail)]
    return [Finding(is_good=True, text=f"The key of {settings.issuer} is there.")]


def read_badge(settings: Settings, badge: str) -> dict[str, Any]:
    """The claims of a badge that the desk's key has signed, with ES256 and nothing else."""
    if not 1 <= len(badge) <= LONGEST:
        raise NotProved("no badge")
    try:
        signed = jws.deserialize_compact(badge, desk_key(settings), algorithms=["ES256"])
        claims = json.loads(signed.payload)
    except (JoseError, ValueError) as broken:
        raise NotProved(f"the badge cannot be believed: {type(broken).__name__}") from broken
    if not isinstance(claims, dict):
        raise NotProved("the badge says nothing")
    return claims


def desk_key(settings: Settings) -> ECKey:
    """The pinned key; raises ProviderAway where it cannot be read."""
    try:
        return ECKey.import_key(secret_of(settings.key))
    except (SecretMissing, ValueError) as missing:
        raise ProviderAway(f"the desk's key cannot be used: {missing}") from missing


def seconds(claims: Mapping[str, Any], name: str) -> int:
    """A moment in a badge."""
    found = claims.get(name)
    if isinstance(found, bool) or not isinstance(found, int):
        raise NotProved(f"the badge has no {name}")
    return found


def text(claims: Mapping[str, Any], name: str) -> str:
    """A word in a badge."""
    found = claims.get(name)
    if not isinstance(found, str) or not found:
        raise NotProved(f"the badge has no {name}")
    return found
