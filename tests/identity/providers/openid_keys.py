"""Keys of an imagined OpenID provider, tokens signed with them, and the provider as it would have described itself."""

import base64
import hmac
import json
from typing import Any

from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from identity.openid.discovery import OpenIDProvider
from identity.openid.settings import OpenIDSettings
from mail.instant import SECOND

NOW = 1_900_000_000 * SECOND
SECONDS = NOW // SECOND
ISSUER = "https://id.example.edu"
NONCE = "a nonce that was sent"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})


def settings(**more: Any) -> OpenIDSettings:
    """An operator's settings."""
    given = {"issuer": ISSUER, "client_id": "lists", "client_secret": "env:NONE"}
    return OpenIDSettings.model_validate(given | more)


def provider(*keys: Key, asked_at: int = NOW) -> OpenIDProvider:
    """The provider with these keys; they were asked for just now, so that nobody asks again."""
    public = tuple(type(key).import_key(key.as_dict(private=False)) for key in keys or (RSA, EC, ED))
    return OpenIDProvider(ISSUER, {}, {}, public, NOW, asked_at)


def claims(**more: Any) -> dict[str, Any]:
    """What a good ID token says; None leaves a claim out."""
    good = {
        "iss": ISSUER,
        "sub": "alice",
        "aud": "lists",
        "iat": SECONDS,
        "exp": SECONDS + 300,
        "nonce": NONCE,
    }
    return {name: value for name, value in (good | more).items() if value is not None}


def signed(said: dict[str, Any], key: Key = RSA, alg: str = "RS256", **header: Any) -> str:
    """A token with whatever header; None leaves a parameter out."""
    return signed_body(json.dumps(said).encode(), key, alg, **header)


def signed_body(body: bytes, key: Key = RSA, alg: str = "RS256", **header: Any) -> str:
    """A token of any content."""
    full = {"alg": alg, "kid": key.kid, "typ": "JWT"} | header
    parts = _parts({name: value for name, value in full.items() if value is not None}, body)
    return f"{parts}.{_encoded(JWSRegistry.algorithms[alg].sign(parts.encode(), key))}"


def unsigned(said: dict[str, Any], alg: str = "none") -> str:
    """A token that nobody has signed."""
    return _parts({"alg": alg, "kid": "rsa"}, json.dumps(said).encode()) + "."


def signed_with_public_key(said: dict[str, Any], alg: str = "HS256") -> str:
    """An HMAC whose secret is the provider's public key as it is published (algorithm confusion)."""
    parts = _parts({"alg": alg, "kid": "rsa"}, json.dumps(said).encode())
    return f"{parts}.{_encoded(hmac.digest(RSA.as_pem(private=False), parts.encode(), f'sha{alg[2:]}'))}"


def _parts(header: dict[str, Any], body: bytes) -> str:
    return f"{_encoded(json.dumps(header).encode())}.{_encoded(body)}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
