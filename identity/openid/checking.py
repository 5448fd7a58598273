"""A dry run against an OpenID provider, in words for the operator."""

import secrets
from collections.abc import Iterator

from identity.bounded_http import one_step
from identity.openid.client import CodeRefused, redeem
from identity.openid.discovery import OpenIDProvider, forget, provider_at
from identity.openid.settings import OpenIDSettings
from identity.provider import Finding, NotProved, Place, ProviderAway


async def findings(settings: OpenIDSettings, place: Place) -> list[Finding]:
    """What its description, its keys and its answer to our client say; the first thing that is away ends it."""
    forget(settings)
    try:
        async with one_step(settings.issuer):
            provider = await provider_at(settings, place.now)
    except ProviderAway as away:
        return [Finding(False, away.detail)]
    found = list(_described(settings, provider))
    found.append(await _client(settings, provider, place))
    found += _sign_out(settings, provider, place)
    return found


def _described(settings: OpenIDSettings, provider: OpenIDProvider) -> Iterator[Finding]:
    yield Finding(True, f"{settings.issuer} describes itself, and its endpoints are where they may be.")
    kinds = ", ".join(sorted({key.key_type for key in provider.keys}))
    yield Finding(True, f"It publishes {len(provider.keys)} public keys for signatures ({kinds}).")
    signs = _announced(provider, "id_token_signing_alg_values_supported")
    if signs & set(settings.algorithms):
        yield Finding(True, f"It signs with {', '.join(sorted(signs & set(settings.algorithms)))}.")
    else:
        yield Finding(
            False,
            f"It signs with {', '.join(sorted(signs)) or 'nothing'}, and `algorithms` has none of these.",
        )
    if "S256" not in _announced(provider, "code_challenge_methods_supported"):
        yield Finding(True, "It does not announce PKCE with S256; we send it all the same.")
    if not provider.announces_iss:
        yield Finding(
            True, "It does not announce that its answers name it (iss); we compare it where it is there."
        )
    if missing := set(settings.scopes) - _announced(provider, "scopes_supported"):
        yield Finding(True, f"It does not announce the scopes {', '.join(sorted(missing))}.")


def _announced(provider: OpenIDProvider, name: str) -> set[str]:
    found = provider.announced.get(name)
    return {str(each) for each in found} if isinstance(found, list) else set()


async def _client(settings: OpenIDSettings, provider: OpenIDProvider, place: Place) -> Finding:
    """A code that nobody was given: a provider that refuses the code and not us has believed who we are."""
    code, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    try:
        async with one_step(settings.issuer):
            await redeem(settings, provider, code, verifier, place.callback_url, place.now)
    except CodeRefused:
        return Finding(True, f"It takes us as its client {settings.client_id}.")
    except (NotProved, ProviderAway) as problem:
        return Finding(
            False,
            f"It does not take us as its client {settings.client_id}: {problem.detail}. Look at the secret.",
        )
    return Finding(False, "It took a code that it never gave.")


def _sign_out(settings: OpenIDSettings, provider: OpenIDProvider, place: Place) -> Iterator[Finding]:
    yield Finding(True, f"Register there the redirect URI {place.callback_url}")
    if settings.logs_out and "end_session_endpoint" in provider.endpoints:
        yield Finding(True, f"Register there the post-logout redirect URI {place.own_url}/logout")
    else:
        yield Finding(True, "Signing out here leaves the session there as it is.")
    if provider.announced.get("backchannel_logout_supported") is True:
        yield Finding(True, f"Register there the back-channel logout URI {place.own_url}/heard")
    else:
        yield Finding(True, "It does not announce back-channel logout: signing out there ends nothing here.")
