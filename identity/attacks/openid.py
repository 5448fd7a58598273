"""Forgeries for an OpenID provider, whose own key nobody but it has: answers in the browser, and tokens that tell of a logout.

ID tokens come from the provider's own token endpoint, so that a stranger's never reach us there. Logout tokens are read by the
same rules and may come from anybody: each forged token is tried as one.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from identity.attacks.common import common, returned
from identity.attacks.forgeries import Attempt, CannotForge, Forged, Forgery
from identity.openid.discovery import provider_at
from identity.provider import Inbound

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_HOUR = 3600


async def forged(settings: Any, forgery: Forgery, attempt: Attempt) -> Forged:
    """What a stranger can send; raises CannotForge, ProviderAway."""
    match forgery:
        case Forgery.MIX_UP:
            other = "https://id.attack.example"
            return {
                "iss of another provider": returned(attempt, code="a-code-of-another", iss=other),
                "iss with a slash more": returned(attempt, code="a-code", iss=f"{settings.issuer}/"),
                "iss empty": returned(attempt, code="a-code", iss=""),
            }
        case Forgery.TAMPERED:
            code = {"code": "a-code-that-nobody-gave", "iss": settings.issuer}
            return {
                "a code that nobody gave": returned(attempt, **code),
                "an endless code": returned(attempt, **(code | {"code": "x" * 100_000})),
                "a token instead of a code": returned(
                    attempt, id_token=_unsigned(_claims(settings, attempt)), iss=settings.issuer
                ),
            }
        case Forgery.FORGED_LOGOUT:
            tokens = await _logout_tokens(settings, attempt)
            return {title: _posted(attempt, token) for title, token in tokens.items()}
        case Forgery.BARE_CALLBACK | Forgery.NO_STATE | Forgery.SPOOFED_HEADER:
            return common(forgery, attempt)
        case Forgery.EMPTY_PASSWORD | Forgery.FILTER_INJECTION:
            return common(forgery, attempt)
    raise CannotForge("only the provider could give a code for such an ID token; see forged logout")


async def _logout_tokens(settings: Any, attempt: Attempt) -> dict[str, str]:
    own = RSAKey.generate_key(2048, {"kid": "attacker"})
    good = _claims(settings, attempt)
    provider = await provider_at(settings, attempt.place.now)
    with_key = {"alg": "RS256", "kid": "attacker", "jwk": own.as_dict(private=False)}
    found = {
        "alg none": _unsigned(good),
        "alg NONE": _unsigned(good, "NONE"),
        "key in the header": _signed(with_key, good, own),
        "key behind a URL": _signed({"alg": "RS256", "jku": "https://id.attack.example/keys"}, good, own),
        "a key of our own": _signed({"alg": "RS256"}, good, own),
        "an HMAC with an empty key": _with_hmac(good, b"", ""),
    }
    for key in provider.keys:
        name = str(key.kid or "key")
        found[f"our key under the name {name}"] = _signed({"alg": "RS256", "kid": name}, good, own)
        if isinstance(key, RSAKey | ECKey | OKPKey):
            found[f"an HMAC with the public key {name}"] = _with_hmac(good, key.as_pem(private=False), name)
    return found


def _claims(settings: Any, attempt: Attempt) -> dict[str, object]:
    now = attempt.place.now // 1_000_000
    return {
        "iss": settings.issuer,
        "aud": settings.client_id,
        "iat": now,
        "exp": now + _HOUR,
        "jti": attempt.wish.state,
        "sub": "victim",
        "sid": "victim",
        "events": {_EVENT: {}},
    }


def _posted(attempt: Attempt, token: str) -> Inbound:
    url = f"{attempt.place.own_url}/heard"
    return Inbound("POST", url, form={"logout_token": token}, peer="203.0.113.9")


def _signed(header: dict[str, Any], claims: Mapping[str, object], key: RSAKey) -> str:
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=_ANYTHING)


def _unsigned(claims: Mapping[str, object], alg: str = "none") -> str:
    return f"{_parts({'alg': alg, 'typ': 'JWT'}, claims)}."


def _with_hmac(claims: Mapping[str, object], secret: bytes, kid: str) -> str:
    parts = _parts({"alg": "HS256", "typ": "JWT", "kid": kid}, claims)
    return f"{parts}.{_encoded(hmac.digest(secret, parts.encode(), 'sha256'))}"


def _parts(header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    return f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_ANYTHING = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
