"""Signing in with an OpenID provider: the code flow with PKCE, state and nonce, and signing out on both sides.

OpenID Connect Core 1.0 section 3.1, RP-Initiated Logout 1.0, Back-Channel Logout 1.0, RFC 7636, RFC 9207, RFC 9700.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Final

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from identity.bounded_http import one_step
from identity.openid.checking import findings
from identity.openid.claims import evidence_of
from identity.openid.client import redeem, userinfo
from identity.openid.discovery import OpenIDProvider, provider_at
from identity.openid.settings import OpenIDSettings
from identity.openid.tokens import LOGOUT_AGE, Expected, read_id_token, read_logout_token
from identity.provider import (
    Answer,
    Ended,
    Evidence,
    Finding,
    Inbound,
    NotProved,
    Once,
    Place,
    ProviderAway,
    Redirect,
    Wish,
)
from mail.instant import SECOND
from storage.tables.words import AddressSource, SignInMethod

Settings = OpenIDSettings
METHOD: Final = SignInMethod.OIDC
SOURCE: Final = AddressSource.OIDC

# What a provider answers when it is not the person's fault (RFC 6749 section 4.1.2.1).
_ITS_OWN_TROUBLE = frozenset({"server_error", "temporarily_unavailable"})
_LONGEST_CODE = 8192


async def begin(settings: OpenIDSettings, place: Place, wish: Wish) -> Redirect:
    """Send the browser to the provider, with a state, a nonce and a challenge of this sign-in's own."""
    async with one_step(settings.issuer):
        provider = await provider_at(settings, place.now)
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    kept = {"issuer": settings.issuer, "verifier": verifier, "nonce": nonce, "asked_at": str(place.now)}
    if wish.is_fresh:
        kept["is_fresh"] = "yes"
    url = prepare_grant_uri(
        provider.endpoints["authorization_endpoint"],
        settings.client_id,
        "code",
        redirect_uri=place.callback_url,
        scope=list(settings.scopes),
        state=wish.state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
        prompt="login" if wish.is_fresh else None,
        max_age="0" if wish.is_fresh else None,
        acr_values=" ".join(settings.acr_values) or None,
        login_hint=wish.login_hint or None,
        ui_locales=wish.locale or None,
    )
    return Redirect(url, kept)


def state_of(settings: OpenIDSettings, inbound: Inbound) -> str:
    """The state that came back in the query."""
    return inbound.query.get("state", "")


async def complete(
    settings: OpenIDSettings, place: Place, inbound: Inbound, kept: Mapping[str, str]
) -> Evidence:
    """Exchange the code that came back and read what it stands for; at most five seconds."""
    if kept.get("issuer") != settings.issuer or not kept.get("nonce") or not kept.get("verifier"):
        raise NotProved("this sign-in was begun with another provider")
    async with one_step(settings.issuer):
        provider = await provider_at(settings, place.now)
        code = _code(settings, provider, inbound)
        tokens = await redeem(settings, provider, code, kept["verifier"], place.callback_url, place.now)
        expected = Expected(
            kept["nonce"], "is_fresh" in kept, int(kept.get("asked_at", "0")), tokens.access_token
        )
        claims = await read_id_token(settings, provider, tokens.id_token, expected, place.now)
        more: Mapping[str, object] = {}
        if settings.ask_userinfo and "userinfo_endpoint" in provider.endpoints:
            more = await userinfo(settings, provider, tokens.access_token, claims["sub"], place.now)
    return evidence_of(settings, claims, more, {"id_token": tokens.id_token} if settings.logs_out else {})


def _code(settings: OpenIDSettings, provider: OpenIDProvider, inbound: Inbound) -> str:
    """The code, if it is this provider that sent it (RFC 9207 section 2.4; pitfall 18)."""
    query = inbound.query
    if inbound.method != "GET":
        raise NotProved("the answer did not come by a redirect")
    if ("iss" in query or provider.announces_iss) and query.get("iss") != settings.issuer:
        raise NotProved("the answer names another issuer than the one that was asked (iss)")
    if error := query.get("error"):
        named = "".join(letter for letter in error if letter.isalnum() or letter in "_-")[:60]
        if error in _ITS_OWN_TROUBLE:
            raise ProviderAway(f"{settings.issuer} answered {named}")
        raise NotProved(f"the provider answered {named}")
    code = query.get("code", "")
    if not 1 <= len(code) <= _LONGEST_CODE:
        raise NotProved("the provider sent no code")
    return code


async def check(settings: OpenIDSettings, place: Place) -> list[Finding]:
    """Ask for the description and the keys, and whether the provider takes our client; nobody is signed in."""
    return await findings(settings, place)


async def logout(
    settings: OpenIDSettings, place: Place, subject: str, kept: Mapping[str, str], wish: Wish
) -> Redirect | None:
    """Where the person signs out at the provider, too (RP-Initiated Logout 1.0); None where that is not offered.

    Also None while the provider is away: nobody has to stay signed in here because of that.
    """
    try:
        async with one_step(settings.issuer):
            provider = await provider_at(settings, place.now)
    except ProviderAway:
        return None
    endpoint = provider.endpoints.get("end_session_endpoint")
    if not settings.logs_out or endpoint is None:
        return None
    asked = {
        "client_id": settings.client_id,
        "post_logout_redirect_uri": f"{place.own_url}/logout",
        "state": wish.state,
    }
    if hint := kept.get("id_token"):
        asked["id_token_hint"] = hint
    if wish.locale:
        asked["ui_locales"] = wish.locale
    return Redirect(add_params_to_uri(endpoint, asked))


async def heard(settings: OpenIDSettings, place: Place, inbound: Inbound) -> Ended | Answer:
    """A logout token of the provider (Back-Channel Logout 1.0), or the browser that is back from a logout of ours."""
    if inbound.method != "POST":
        return Answer(redirect_url=f"{place.base_url}/")
    raw = inbound.form.get("logout_token", "")
    if not raw:
        raise NotProved("there is no logout token")
    async with one_step(settings.issuer):
        provider = await provider_at(settings, place.now)
        claims = await read_logout_token(settings, provider, raw, place.now)
    lapses = (int(claims["iat"]) + LOGOUT_AGE + 2 * settings.clock_skew) * SECOND
    return Ended(
        settings.issuer,
        subject=claims.get("sub", ""),
        session=claims.get("sid", ""),
        answer=Answer(200),
        once=(Once("logout:" + hashlib.sha256(str(claims["jti"]).encode()).hexdigest(), lapses),),
    )
