"""Where an OpenID provider may be, what it may send, how long it may take, and which keys it may have."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from identity import bounded_http
from identity.provider import Inbound, NotProved, ProviderAway, Wish
from identity.providers import oidc
from tests.identity.providers.openid_keys import OTHER_RSA, RSA, signed
from tests.wire.hostile_op import OWN, HostileOp, begun, hostile_op, in_json, place, settings_for, sign_in
from tests.wire.hostile_web import Asked, Says, hostile_web


@pytest.fixture
def op(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileOp]:
    with hostile_op(monkeypatch) as running:
        yield running


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
    op.web.says("/keys", in_json({"keys": keys}))
    with pytest.raises(ProviderAway):
        await sign_in(op)


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
