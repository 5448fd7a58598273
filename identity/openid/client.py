"""Our own requests to an OpenID provider: a code for tokens, and what it knows of somebody.

RFC 6749 sections 2.3.1 and 4.1.3, RFC 7523 section 3, RFC 7636; OpenID Connect Core 1.0 sections 5.3 and 9.
"""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from authlib.oauth2.rfc7523 import private_key_jwt_sign
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from identity.bounded_http import Reply, fetch
from identity.openid.discovery import OpenIDProvider
from identity.openid.settings import OpenIDSettings
from identity.openid.tokens import verified
from identity.provider import NotProved, ProviderAway
from identity.secrets_by_reference import SecretMissing, secret_of
from mail.instant import SECOND

_ASSERTION_SECONDS = 60
_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was worth."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


class CodeRefused(NotProved):
    """The provider does not take this code (any more)."""


async def redeem(
    settings: OpenIDSettings,
    provider: OpenIDProvider,
    code: str,
    verifier: str,
    redirect_uri: str,
    now: int,
) -> Tokens:
    """Exchange a code for tokens; raises CodeRefused, or ProviderAway when the provider does not take us or answers oddly."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    endpoint = provider.endpoints["token_endpoint"]
    # a file may have to be read, and a private key is checked whole when it is loaded
    headers, more = await asyncio.to_thread(_proof, settings, endpoint, now)
    reply = await fetch(
        "POST",
        endpoint,
        form=form | more,
        headers={"Accept": "application/json", **headers},
        ca_file=settings.ca_file,
    )
    return _tokens(settings, reply)


def _tokens(settings: OpenIDSettings, reply: Reply) -> Tokens:
    who = f"the token endpoint of {settings.issuer}"
    try:
        answer = reply.json_object()
    except ValueError as problem:
        raise ProviderAway(f"{who} answered {reply.status} and no JSON object") from problem
    if reply.status != 200:
        error = str(answer.get("error", ""))[:60]
        if error == "invalid_grant":
            raise CodeRefused("the provider does not take this code (invalid_grant)")
        raise ProviderAway(f"{who} answered {reply.status} {error!r}")
    found = answer.get("id_token"), answer.get("access_token")
    if not all(isinstance(token, str) and token for token in found):
        raise NotProved("the provider gave no ID token")
    if str(answer.get("token_type", "")).lower() != "bearer":
        raise NotProved("the provider gave another type of token than Bearer")
    return Tokens(*map(str, found))


def _proof(settings: OpenIDSettings, endpoint: str, now: int) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and form members by which the provider knows us; raises ProviderAway where our secret is missing."""
    try:
        match settings.client_authentication:
            case "client_secret_basic":
                # RFC 6749 section 2.3.1: both are form-encoded first, which authlib leaves out
                pair = (
                    f"{quote_plus(settings.client_id)}:{quote_plus(secret_of(settings.client_secret or ''))}"
                )
                return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
            case "client_secret_post":
                secret = secret_of(settings.client_secret or "")
                return {}, {"client_id": settings.client_id, "client_secret": secret}
            case "private_key_jwt":
                return {}, _assertion(settings, endpoint, now)
    except SecretMissing as missing:
        raise ProviderAway(str(missing)) from missing


def _assertion(settings: OpenIDSettings, endpoint: str, now: int) -> dict[str, str]:
    algorithm = settings.client_key_algorithm
    audience = settings.issuer if settings.client_assertion_audience == "issuer" else endpoint
    try:
        signed = private_key_jwt_sign(
            import_key(secret_of(settings.client_key or ""), _KEY_TYPES[algorithm[:2]]),  # type: ignore[call-overload]
            settings.client_id,
            audience,
            alg=algorithm,
            header={"kid": settings.client_key_id} if settings.client_key_id else None,
            issued_at=now // SECOND,
            expires_in=_ASSERTION_SECONDS,
        )
    except (JoseError, ValueError, TypeError, binascii.Error) as problem:
        raise ProviderAway(f"{settings.client_key} is no private key for {algorithm}") from problem
    return {
        "client_id": settings.client_id,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": str(signed),
    }


async def userinfo(
    settings: OpenIDSettings, provider: OpenIDProvider, access_token: str, subject: str, now: int
) -> Mapping[str, Any]:
    """What the provider knows of the person; raises NotProved when that is about somebody else, ProviderAway otherwise."""
    url = provider.endpoints["userinfo_endpoint"]
    headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
    reply = await fetch("GET", url, headers=headers, ca_file=settings.ca_file)
    if reply.status != 200:
        raise ProviderAway(f"the userinfo endpoint of {settings.issuer} answered {reply.status}")
    claims = await _userinfo_claims(settings, provider, reply, now)
    # OpenID Connect Core 1.0 section 5.3.2: the token may have been exchanged for somebody else's
    if claims.get("sub") != subject:
        raise NotProved("userinfo is about another subject than the token")
    return claims


async def _userinfo_claims(
    settings: OpenIDSettings, provider: OpenIDProvider, reply: Reply, now: int
) -> Mapping[str, Any]:
    try:
        if reply.media_type != "application/jwt":
            return reply.json_object()
        claims = (await verified(settings, provider, reply.body.decode("ascii"), now)).claims
    except ValueError as problem:
        raise ProviderAway(f"the userinfo endpoint of {settings.issuer} gave no JSON object") from problem
    audience = claims.get("aud")
    if claims.get("iss") != settings.issuer or settings.client_id not in (
        audience if isinstance(audience, list) else [audience]
    ):
        raise NotProved("userinfo is signed by another issuer, or for another client")
    return claims
