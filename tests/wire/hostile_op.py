"""An OpenID provider that is good until a test changes something of it; it signs with the key that it publishes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import RSAKey

from identity.provider import Evidence, Inbound, Place, Wish
from identity.providers import oidc
from tests.identity.providers.openid_keys import NOW, RSA, signed
from tests.wire.hostile_web import Asked, HostileWeb, Says, hostile_web

OWN = "https://lists.example.org/auth/lists.example.org/campus"
START = NOW
SECRET = "s3cret-of-the-client"


def place(after: int = 0) -> Place:
    """Where the provider is plugged in, some seconds after the beginning."""
    return Place("https://lists.example.org", OWN, "campus", START + after * 1_000_000)


class HostileOp:
    """The provider: good, until a test changes something of it."""

    def __init__(self, web: HostileWeb) -> None:
        self.web = web
        self.metadata: dict[str, Any] = {
            "issuer": web.url,
            "authorization_endpoint": f"{web.url}/auth",
            "token_endpoint": f"{web.url}/token",
            "jwks_uri": f"{web.url}/keys",
            "userinfo_endpoint": f"{web.url}/me",
            "end_session_endpoint": f"{web.url}/out",
        }
        self.keys: list[RSAKey] = [RSA]
        self.signer = RSA
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {"sub": "alice"}
        self.token: dict[str, Any] = {}
        self.nonces: dict[str, str] = {}
        web.answers |= {
            "/.well-known/openid-configuration": lambda _: in_json(self.metadata),
            "/keys": lambda _: in_json({"keys": [key.as_dict(private=False) for key in self.keys]}),
            "/token": self._redeem,
            "/me": lambda _: in_json(self.userinfo),
        }

    def _redeem(self, asked: Asked) -> Says:
        now = START // 1_000_000
        good = {
            "iss": self.web.url,
            "sub": "alice",
            "aud": "lists",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonces.get(asked.form["code"], ""),
        }
        said = {name: value for name, value in (good | self.claims).items() if value is not None}
        answer = {"id_token": signed(said, self.signer), "access_token": "a", "token_type": "Bearer"}
        return in_json({name: value for name, value in (answer | self.token).items() if value is not None})


def in_json(what: object) -> Says:
    return Says(json.dumps(what).encode())


@contextmanager
def hostile_op(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileOp]:
    """Run the provider until the block ends, with our secret in the environment."""
    monkeypatch.setenv("OP_SECRET", SECRET)
    with hostile_web() as web:
        yield HostileOp(web)


def settings_for(op: HostileOp, **more: Any) -> oidc.Settings:
    given = {"issuer": op.web.url, "client_id": "lists", "client_secret": "env:OP_SECRET"}
    return oidc.Settings.model_validate(given | more)


async def begun(op: HostileOp, settings: oidc.Settings, **wish: Any) -> tuple[Inbound, Mapping[str, str]]:
    """A sign-in at the provider, up to the browser's coming back."""
    there = await oidc.begin(settings, place(), Wish("state-1", **wish))
    asked = dict(parse_qsl(urlsplit(there.url).query))
    op.nonces["code-1"] = asked["nonce"]
    query = {"code": "code-1", "state": asked["state"]}
    return Inbound("GET", f"{OWN}/callback", query=query), there.kept


async def sign_in(op: HostileOp, **more: Any) -> Evidence:
    settings = settings_for(op, **more)
    inbound, kept = await begun(op, settings)
    return await oidc.complete(settings, place(), inbound, kept)
