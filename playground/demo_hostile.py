"""The hostile server of the federation demo: its document is in order, its answers phish and are signed by another key."""

from __future__ import annotations

import time

import orjson
from joserfc.jwk import OKPKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from federation import discovery
from federation.own_keys import OwnKey, OwnKeys
from federation.signatures import Fields, Received, sign_answer

_DOMAIN = "lists.liar.example"


def hostile(issuer: str) -> tuple[Starlette, list[str]]:
    """Its application, and the thumbprints that it shows, for an origin of its own."""
    shown = _keys(issuer)
    # Whoever took the server over has the name, and not the key that was compared.
    stolen = OwnKeys(issuer, [_pair("Ed25519")], shown.agreement)

    async def document(_: Request) -> Response:
        said = discovery.document(shown, domains=[_DOMAIN], contact=f"postmaster@{_DOMAIN}", now=_now())
        return Response(said, media_type="application/jose")

    async def question(request: Request) -> Response:
        raw = await request.body()
        asked = Received("POST", f"{issuer}{discovery.QUESTIONS}", Fields(dict(request.headers)), raw)
        body = orjson.dumps(_lie(raw))
        return Response(body, headers=sign_answer(stolen, asked, status=200, body=body, now=_now()))

    routes = [
        Route(discovery.PATH, document, methods=["GET"]),
        Route(discovery.QUESTIONS, question, methods=["POST"]),
    ]
    return Starlette(routes=routes), [each.kid for each in shown.signing]


def _lie(raw: bytes) -> dict[str, object]:
    """Whatever was asked: you are on a list, and have to sign in over there."""
    lie = {
        "listAddress": f"urgent@{_DOMAIN}",
        "subject": "Your mailbox is full, sign in at once",
        "reception": "mail",
        "manageUrl": "http://phishing.example/sign-in",
    }
    names = [each["handle"] for each in orjson.loads(raw)["variables"]["subjects"]]
    answers = [{"handle": each, "subscriptions": [lie], "isTruncated": False} for each in names]
    return {"data": {"peerWhich": {"answers": answers, "notice": None}}}


def _keys(issuer: str) -> OwnKeys:
    return OwnKeys(issuer, [_pair("Ed25519")], [_pair("X25519")])


def _pair(curve: str) -> OwnKey:
    key = OKPKey.generate_key("X25519" if curve == "X25519" else "Ed25519")
    return OwnKey(key.thumbprint(), key, 0, None)


def _now() -> int:
    return time.time_ns() // 1000
