"""What an OpenID provider says about itself, and its keys: fetched from where the operator said, believed for an hour.

OpenID Connect Discovery 1.0 section 4; RFC 8414 section 3.3; pitfalls 19 and 20.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from identity.bounded_http import checked_url, fetch, origin_of
from identity.openid.settings import OpenIDSettings
from identity.provider import ProviderAway
from mail.instant import HOUR, MINUTE

_BELIEVED = HOUR
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")
_MOST_KEYS = 100
_MOST_PROVIDERS = 1000
_SMALLEST_RSA = 2048


@dataclass(slots=True)
class OpenIDProvider:
    """A provider as it described itself at the instant `fetched_at`; its keys may be fetched again in between."""

    issuer: str
    endpoints: Mapping[str, str]
    announced: Mapping[str, Any]
    keys: tuple[Key, ...]
    fetched_at: int
    keys_asked_at: int = field(default=0)

    @property
    def announces_iss(self) -> bool:
        """Its answers name it (RFC 9207 section 3)."""
        return self.announced.get("authorization_response_iss_parameter_supported") is True


_known: dict[str, OpenIDProvider] = {}


def forget(settings: OpenIDSettings) -> None:
    """Have the provider fetched anew when it is needed next."""
    _known.pop(_place(settings), None)


def _place(settings: OpenIDSettings) -> str:
    return "\n".join((settings.issuer, settings.ca_file, *sorted(settings.origins)))


async def provider_at(settings: OpenIDSettings, now: int) -> OpenIDProvider:
    """The provider, fetched when that is an hour ago; raises ProviderAway, saying what is wrong with it."""
    place = _place(settings)
    found = _known.get(place)
    if found is None or not 0 <= now - found.fetched_at < _BELIEVED:
        found = await _described(settings, now)
        if len(_known) >= _MOST_PROVIDERS:
            _known.clear()
        _known[place] = found
    return found


async def fetch_keys_again(settings: OpenIDSettings, provider: OpenIDProvider, now: int) -> bool:
    """Fetch the keys because one is missing, at most once a minute; whether that was done."""
    if now - provider.keys_asked_at < MINUTE:
        return False
    provider.keys_asked_at = now
    provider.keys = await _keys(settings, provider.endpoints["jwks_uri"])
    return True


async def _described(settings: OpenIDSettings, now: int) -> OpenIDProvider:
    announced = await _json(
        settings, settings.issuer.rstrip("/") + "/.well-known/openid-configuration", "its description"
    )
    if announced.get("issuer") != settings.issuer:
        raise ProviderAway(
            f"{settings.issuer} calls itself {str(announced.get('issuer'))[:200]!r}; `issuer` must be the same"
        )
    endpoints = _endpoints(settings, announced)
    keys = await _keys(settings, endpoints["jwks_uri"])
    return OpenIDProvider(settings.issuer, endpoints, announced, keys, now)


def _endpoints(settings: OpenIDSettings, announced: Mapping[str, Any]) -> dict[str, str]:
    found = {name: announced[name] for name in (*_NEEDED, *_OPTIONAL) if announced.get(name) is not None}
    if missing := [name for name in _NEEDED if name not in found]:
        raise ProviderAway(f"{settings.issuer} names no {' and no '.join(missing)}")
    origins = {_origin(settings, name, url) for name, url in found.items()}
    if strange := sorted(origins - settings.origins):
        raise ProviderAway(
            f"{settings.issuer} has endpoints at {' and '.join(strange)}; if that is right, add it to `other_origins`"
        )
    return found


def _origin(settings: OpenIDSettings, name: str, url: object) -> str:
    try:
        return origin_of(checked_url(url if isinstance(url, str) else ""))
    except ValueError as problem:
        raise ProviderAway(f"{name} of {settings.issuer}: {str(problem)[:200]}") from problem


async def _json(settings: OpenIDSettings, url: str, what: str) -> dict[str, Any]:
    reply = await fetch("GET", url, headers={"Accept": "application/json"}, ca_file=settings.ca_file)
    if reply.status != 200:
        raise ProviderAway(f"{url} answered {reply.status} instead of {what}")
    try:
        return reply.json_object()
    except ValueError as problem:
        raise ProviderAway(f"{url} is not {what}: {str(problem)[:100]}") from problem


async def _keys(settings: OpenIDSettings, url: str) -> tuple[Key, ...]:
    listed = (await _json(settings, url, "its keys")).get("keys")
    if not isinstance(listed, list):
        raise ProviderAway(f"{url} holds no list of keys")
    keys = tuple(key for one in listed[:_MOST_KEYS] if (key := _key(one)) is not None)
    if not keys:
        raise ProviderAway(f"{url} holds no public key for signatures")
    return keys


def _key(one: Any) -> Key | None:
    """A public key for signatures; None for anything else, above all for a secret that is called a key."""
    if (
        not isinstance(one, dict)
        or one.get("kty") not in {"RSA", "EC", "OKP"}
        or one.get("use", "sig") != "sig"
    ):
        return None
    if one["kty"] == "RSA" and len(str(one.get("n", ""))) * 6 < _SMALLEST_RSA:
        return None
    # Nobody's private part is our business, should a provider publish it by mistake.
    public = {
        name: value for name, value in one.items() if name not in {"d", "p", "q", "dp", "dq", "qi", "oth"}
    }
    try:
        key = import_key(public)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None
