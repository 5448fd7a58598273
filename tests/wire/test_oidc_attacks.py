"""An OpenID provider that is hostile, taken over, or in the way of another one."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from identity.provider import Answer, Claimed, Inbound, NotProved, ProviderAway, Wish
from identity.providers import oidc
from tests.identity.providers.openid_keys import OTHER_RSA, signed
from tests.wire.hostile_op import (
    OWN,
    SECRET,
    START,
    HostileOp,
    begun,
    hostile_op,
    place,
    settings_for,
    sign_in,
)
from tests.wire.hostile_web import Says


@pytest.fixture
def op(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostileOp]:
    with hostile_op(monkeypatch) as running:
        yield running


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


async def test_secrets_stay_out_of_what_is_logged(op: HostileOp) -> None:
    op.web.says("/token", Says(json.dumps({"error": "invalid_client"}).encode(), status=401))
    with pytest.raises(ProviderAway) as away:
        await sign_in(op)
    assert SECRET not in str(away.value.detail)
    assert "invalid_client" in away.value.detail


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
