"""An OpenID provider that is hostile, taken over, or in the way of another one; it signs with the key that it publishes."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import RSAKey

from identity import bounded_http
from identity.provider import Answer, Claimed, Evidence, Inbound, NotProved, Place, ProviderAway, Wish
from identity.providers import oidc
from tests.identity.providers.openid_keys import NOW, OTHER_RSA, RSA, signed
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
            "/.well-known/openid-configuration": lambda _: _json(self.metadata),
            "/keys": lambda _: _json({"keys": [key.as_dict(private=False) for key in self.keys]}),
            "/token": self._redeem,
            "/me": lambda _: _json(self.userinfo),
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
        return _json({name: value for name, value in (answer | self.token).items() if value is not None})


def _json(what: object) -> Says:
    return Says(json.dumps(what).encode())


@pytest.fixture
def op(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileOp]:
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


async def test_the_provider_is_believed_while_it_is_good(op: HostileOp) -> None:
    op.claims = {"email": "alice@example.edu", "email_verified": True}
    found = await sign_in(op)
    assert (found.subject, found.addresses) == ("alice", (Claimed("alice@example.edu", True),))


async def test_every_sign_in_has_its_own_challenge_state_and_nonce(op: HostileOp) -> None:
    """Pitfalls 15, 16 and 17: PKCE with S256 always, and nothing that could be guessed or used again."""
    seen: set[str] = set()
    for _ in range(20):
        there = await oidc.begin(settings_for(op), place(), Wish("state-1"))
        asked = dict(parse_qsl(urlsplit(there.url).query))
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == f"{OWN}/callback"
        assert there.kept["verifier"] not in there.url
        seen |= {asked["nonce"], asked["code_challenge"]}
    assert len(seen) == 40


async def test_a_code_is_redeemed_with_the_verifier_and_the_secret_but_not_the_nonce(op: HostileOp) -> None:
    """Pitfall 16."""
    await sign_in(op)
    (asked,) = [each for each in op.web.asked if each.path == "/token"]
    assert asked.method == "POST"
    assert len(asked.form["code_verifier"]) >= 43
    assert asked.headers["authorization"].startswith("Basic ")
    assert SECRET not in str(asked.form)


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://honest.example"},
        {"aud": "another client"},
        {"aud": ["lists", "another client"]},
        {"nonce": None},
        {"nonce": "of another sign-in"},
        {"exp": START // 1_000_000 - 100},
        {"iat": START // 1_000_000 + 600},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_signs_nobody_in(op: HostileOp, change: dict[str, Any]) -> None:
    """Pitfalls 17, 18 and 22 through the whole flow; more of them in tests/identity/providers."""
    op.claims = change
    with pytest.raises(NotProved):
        await sign_in(op)


@pytest.mark.parametrize(
    "change",
    [
        {"id_token": None},
        {"id_token": ["x"]},
        {"access_token": None},
        {"token_type": "mac"},
        {"token_type": None},
    ],
    ids=str,
)
async def test_an_answer_that_lacks_a_token_signs_nobody_in(op: HostileOp, change: dict[str, Any]) -> None:
    op.token = change
    with pytest.raises(NotProved):
        await sign_in(op)


async def test_userinfo_about_somebody_else_signs_nobody_in(op: HostileOp) -> None:
    """OpenID Connect Core 1.0 section 5.3.2: the access token was exchanged for that of another person."""
    for subject in ("victim", None, ["alice"], "ALICE"):
        op.userinfo = {"sub": subject, "email": "victim@example.edu", "email_verified": True}
        with pytest.raises(NotProved) as refused:
            await sign_in(op)
        assert "userinfo" in refused.value.detail


async def test_an_address_is_not_verified_by_what_is_said_of_another_one(op: HostileOp) -> None:
    """Pitfall 2: the person wrote an address into their profile; the token says of an older one that it was verified."""
    op.claims = {"email_verified": True}
    op.userinfo = {"sub": "alice", "email": "victim@example.edu"}
    assert (await sign_in(op)).addresses == (Claimed("victim@example.edu", False),)
    op.claims = {"email": "victim@example.edu"}
    op.userinfo = {"sub": "alice", "email": "mine@example.edu", "email_verified": True}
    assert (await sign_in(op)).addresses == (Claimed("victim@example.edu", False),)


async def test_userinfo_that_is_signed_by_somebody_else_signs_nobody_in(op: HostileOp) -> None:
    said = {"sub": "alice", "iss": op.web.url, "aud": "lists"}
    op.web.says("/me", Says(signed(said).encode(), media_type="application/jwt"))
    assert (await sign_in(op)).subject == "alice"
    for token in (signed(said, OTHER_RSA), signed(said | {"aud": "x"}), signed(said | {"iss": "x"})):
        op.web.says("/me", Says(token.encode(), media_type="application/jwt"))
        with pytest.raises(NotProved):
            await sign_in(op)


@pytest.mark.parametrize("is_announced", [True, False])
async def test_the_answer_of_another_issuer_is_refused(op: HostileOp, *, is_announced: bool) -> None:
    """Pitfall 18: the mix-up attack. Where `iss` is announced it has to be there; where it is there it has to be right."""
    op.metadata["authorization_response_iss_parameter_supported"] = is_announced
    settings = settings_for(op)
    inbound, kept = await begun(op, settings)
    for query in ({"iss": "https://evil.example"}, {"iss": ""}, {"iss": op.web.url + "/"}):
        with pytest.raises(NotProved):
            await oidc.complete(settings, place(), replace(inbound, query=inbound.query | query), kept)
    error = {"error": "access_denied", "iss": "https://evil.example"}
    with pytest.raises(NotProved) as refused:
        await oidc.complete(settings, place(), replace(inbound, query=error), kept)
    assert "iss" in refused.value.detail
    assert op.web.count("/token") == 0
    if is_announced:
        with pytest.raises(NotProved):
            await oidc.complete(settings, place(), inbound, kept)
        assert op.web.count("/token") == 0
    right = replace(inbound, query=inbound.query | {"iss": op.web.url})
    assert (await oidc.complete(settings, place(), right, kept)).subject == "alice"


async def test_an_answer_to_a_sign_in_at_another_provider_is_refused(op: HostileOp) -> None:
    """Pitfall 18: what was begun with one issuer is not finished with another, though it is configured at the same place."""
    settings = settings_for(op)
    inbound, kept = await begun(op, settings)
    for odd in (
        {**kept, "issuer": "https://honest.example"},
        {},
        {**kept, "nonce": ""},
        {**kept, "verifier": ""},
    ):
        with pytest.raises(NotProved):
            await oidc.complete(settings, place(), inbound, odd)
    assert op.web.count("/token") == 0


async def test_nothing_that_comes_back_says_where_to_go_next(op: HostileOp) -> None:
    """Pitfall 21: one redirect URI, exactly; and after signing out there, our own front page, whatever the query says."""
    settings = settings_for(op)
    kept: dict[str, str] = {}
    there = await oidc.logout(settings, place(), "alice", kept, Wish("state-1"))
    assert there is not None
    asked = dict(parse_qsl(urlsplit(there.url).query))
    assert asked["post_logout_redirect_uri"] == f"{OWN}/logout"
    query = {"state": "x", "next": "https://evil.example", "post_logout_redirect_uri": "//evil.example"}
    back = await oidc.heard(
        settings, place(), Inbound("GET", f"{OWN}/logout?next=//evil.example", query=query)
    )
    assert isinstance(back, Answer)
    assert back.redirect_url == "https://lists.example.org/"


async def test_signing_out_here_does_not_wait_for_a_provider_that_is_away(op: HostileOp) -> None:
    op.web.says("/.well-known/openid-configuration", Says(status=500))
    assert await oidc.logout(settings_for(op), place(), "alice", {}, Wish("state-1")) is None


async def test_what_is_no_answer_signs_nobody_in_and_asks_nobody(op: HostileOp) -> None:
    settings = settings_for(op)
    inbound, kept = await begun(op, settings)
    for odd in (
        replace(inbound, query={"state": "state-1"}),
        replace(inbound, query={"state": "state-1", "code": ""}),
        replace(inbound, query={"state": "state-1", "code": "x" * 9_000}),
        replace(inbound, query={"state": "state-1", "code": "code-1", "error": "access_denied"}),
        replace(inbound, method="POST"),
    ):
        with pytest.raises(NotProved):
            await oidc.complete(settings, place(), odd, kept)
    assert oidc.state_of(settings, replace(inbound, query={})) == ""
    assert op.web.count("/token") == 0


async def test_a_provider_in_trouble_is_away_and_an_error_text_stays_outside(op: HostileOp) -> None:
    settings = settings_for(op)
    inbound, kept = await begun(op, settings)
    for error in ("temporarily_unavailable", "server_error"):
        with pytest.raises(ProviderAway):
            await oidc.complete(settings, place(), replace(inbound, query={"error": error}), kept)
    odd = "<script>alert(1)</script>\r\nX: y"
    with pytest.raises(NotProved) as refused:
        await oidc.complete(settings, place(), replace(inbound, query={"error": odd}), kept)
    assert not set("<>\r\n ") & set(refused.value.detail.removeprefix("the provider answered "))


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://honest.example"},
        {"issuer": None},
        {"authorization_endpoint": "https://evil.example/auth"},
        {"token_endpoint": "https://evil.example/token"},
        {"jwks_uri": "https://evil.example/keys"},
        {"userinfo_endpoint": "http://127.0.0.1:22/"},
        {"userinfo_endpoint": "http://169.254.169.254/latest/meta-data"},
        {"token_endpoint": "http://10.0.0.1/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": "gopher://127.0.0.1/"},
        {"jwks_uri": "//evil.example/keys"},
        {"jwks_uri": ""},
        {"jwks_uri": None},
        {"jwks_uri": 7},
        {"end_session_endpoint": "javascript:alert(1)"},
    ],
    ids=str,
)
async def test_a_description_that_leads_elsewhere_is_refused(op: HostileOp, change: dict[str, Any]) -> None:
    """Pitfall 20: another issuer, or an endpoint where the operator did not say it may be, private addresses included."""
    op.metadata |= change
    with pytest.raises(ProviderAway):
        await oidc.begin(settings_for(op), place(), Wish("state-1"))
    assert {each.path for each in op.web.asked} <= {"/.well-known/openid-configuration"}


async def test_an_endpoint_in_disguise_is_refused(op: HostileOp) -> None:
    """Pitfall 20: a user name, a backslash or a fragment that makes one host look like another."""
    host = op.web.url.removeprefix("http://")
    for url in (
        f"http://{host}@evil.example/keys",
        f"{op.web.url}\\@evil.example/keys",
        f"{op.web.url}#@evil.example/keys",
        f"http://evil.example#@{host}/keys",
        f"{op.web.url}.evil.example/keys",
        f"{op.web.url} /keys",
        f"{op.web.url}/k\u00e9ys",
    ):
        op.metadata["jwks_uri"] = url
        with pytest.raises(ProviderAway):
            await oidc.begin(settings_for(op), place(), Wish("state-1"))
    assert op.web.count("/keys") == 0


async def test_an_endpoint_may_be_where_the_operator_says(op: HostileOp) -> None:
    with hostile_web() as elsewhere:
        elsewhere.answers["/keys"] = op.web.answers["/keys"]
        op.metadata["jwks_uri"] = f"{elsewhere.url}/keys"
        with pytest.raises(ProviderAway) as away:
            await sign_in(op)
        assert "other_origins" in away.value.detail
        assert (await sign_in(op, other_origins=[elsewhere.url])).subject == "alice"


PATHS = ["/.well-known/openid-configuration", "/keys", "/token", "/me"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "says",
    [
        Says(status=302, headers={"Location": "/elsewhere"}),
        Says(b'{"a":"' + b"x" * 65_536, endless=True),
        Says(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
        Says(b"<html>sign in to the network first</html>", media_type="text/html"),
        Says(b"[" * 200_000),
        Says(b"[]"),
        Says(b"{}", status=500),
    ],
    ids=["redirect", "endless", "gzip", "no JSON", "nested", "list", "500"],
)
async def test_an_answer_of_no_bearable_kind_is_given_up(op: HostileOp, path: str, says: Says) -> None:
    """Pitfall 20: a size limit and no redirects; the sign-in says that this way in is away."""
    op.web.says(path, says)
    with pytest.raises(ProviderAway):
        await sign_in(op)
    assert op.web.count("/elsewhere") == 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "says", [Says(b"{}", waits=9), Says(b" " * 900, drips=0.02)], ids=["silent", "dripping"]
)
async def test_an_answer_that_takes_too_long_is_given_up(
    op: HostileOp, monkeypatch: pytest.MonkeyPatch, path: str, says: Says
) -> None:
    """Pitfall 20: a deadline, which octets that drip in do not move."""
    monkeypatch.setattr(bounded_http, "STEP_SECONDS", 0.5)
    op.web.says(path, says)
    with pytest.raises(ProviderAway) as away:
        await sign_in(op)
    assert "did not answer within" in away.value.detail


async def test_the_deadline_is_for_a_whole_step(op: HostileOp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four answers, each of which would be in time."""

    def slow(path: str) -> None:
        answer: Callable[[Asked], Says] = op.web.answers[path]
        op.web.answers[path] = lambda asked: replace(answer(asked), waits=0.4)

    monkeypatch.setattr(bounded_http, "STEP_SECONDS", 1.0)
    settings = settings_for(op)
    inbound, kept = await begun(op, settings)
    for path in PATHS:
        slow(path)
    with pytest.raises(ProviderAway) as away:
        await oidc.complete(settings, place(after=7_200), inbound, kept)
    assert "did not answer within" in away.value.detail


async def test_the_description_is_believed_for_an_hour(op: HostileOp) -> None:
    settings = settings_for(op)
    for after in (0, 10, 3_000):
        await oidc.begin(settings, place(after), Wish("s"))
    assert op.web.count("/.well-known/openid-configuration") == 1
    await oidc.begin(settings, place(3_700), Wish("s"))
    assert op.web.count("/.well-known/openid-configuration") == 2


async def test_unknown_keys_have_the_keys_fetched_once_a_minute(op: HostileOp) -> None:
    """A stranger's tokens at /heard make no storm of requests, and a new key is known within a minute."""
    settings = settings_for(op)
    await oidc.begin(settings, place(), Wish("s"))
    forged = {"logout_token": signed({"iss": op.web.url}, OTHER_RSA, kid="new")}
    for after in (1, 2, 30, 60, 61, 90):
        with pytest.raises(NotProved):
            await oidc.heard(settings, place(after), Inbound("POST", f"{OWN}/heard", form=forged))
    assert op.web.count("/keys") == 3
    op.keys, op.signer = [OTHER_RSA], OTHER_RSA
    inbound, kept = await begun(op, settings)
    assert (await oidc.complete(settings, place(130), inbound, kept)).subject == "alice"


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{"kty": "oct", "k": "c2VjcmV0", "kid": "rsa"}],
        [{"kty": "RSA", "kid": "rsa"}],
        [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa"}],
        [RSA.as_dict(private=False) | {"use": "enc"}],
        ["rsa", None, 7],
        {"rsa": RSA.as_dict(private=False)},
    ],
    ids=["none", "secret", "half", "short", "for encryption", "no objects", "no list"],
)
async def test_what_is_no_public_key_for_signatures_is_none(op: HostileOp, keys: object) -> None:
    """Pitfall 19: no secret, no short key, no key for something else."""
    op.web.says("/keys", _json({"keys": keys}))
    with pytest.raises(ProviderAway):
        await sign_in(op)


async def test_secrets_stay_out_of_what_is_logged(op: HostileOp) -> None:
    op.web.says("/token", Says(json.dumps({"error": "invalid_client"}).encode(), status=401))
    with pytest.raises(ProviderAway) as away:
        await sign_in(op)
    assert SECRET not in str(away.value.detail)
    assert "invalid_client" in away.value.detail


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example.edu",
        "https://user@id.example.edu",
        "https://id.example.edu?x=1",
        "https://id.example.edu#x",
        "ftp://id.example.edu",
        "id.example.edu",
        "https://",
        "http://127.0.0.1.evil.example",
    ],
)
def test_an_issuer_has_to_be_reached_by_tls(issuer: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        oidc.Settings.model_validate({"issuer": issuer, "client_id": "x", "client_secret": "env:X"})


def test_a_secret_in_the_file_and_a_weak_algorithm_are_refused() -> None:
    for change in (
        {"client_secret": "the secret itself"},
        {"algorithms": ["none"]},
        {"algorithms": ["HS256"]},
        {"algorithms": []},
        {"scopes": ["email"]},
        {"client_authentication": "private_key_jwt"},
        {"unknown": 1},
    ):
        given = {"issuer": "https://id.example.edu", "client_id": "x", "client_secret": "env:X"}
        with pytest.raises(ValueError, match="validation error"):
            oidc.Settings.model_validate(given | change)
