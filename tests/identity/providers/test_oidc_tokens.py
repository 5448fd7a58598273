"""What an ID token or a logout token must be, each attack being signed by the provider's own key where that is its point."""

from typing import Any

import pytest
from authlib.oidc.core.util import create_half_hash
from joserfc.jwk import ECKey, Key, RSAKey

from identity.openid.tokens import (
    LOGOUT_EVENT,
    Expected,
    read_id_token,
    read_logout_token,
)
from identity.provider import NotProved
from tests.identity.providers.openid_keys import (
    EC,
    ED,
    NONCE,
    NOW,
    OTHER_RSA,
    RSA,
    SECONDS,
    claims,
    provider,
    settings,
    signed,
    signed_body,
    signed_with_public_key,
    unsigned,
)


async def read(token: str, *keys: Key, is_fresh: bool = False, **more: Any) -> dict[str, Any]:
    expected = Expected(NONCE, is_fresh, NOW, "an access token")
    return await read_id_token(settings(**more), provider(*keys), token, expected, NOW)


async def refused_why(token: str, *keys: Key, **more: Any) -> str:
    with pytest.raises(NotProved) as refused:
        await read(token, *keys, **more)
    return refused.value.detail


@pytest.mark.parametrize(
    ("key", "alg"),
    [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (ED, "EdDSA")],
    ids=["RS256", "PS256", "ES256", "EdDSA"],
)
async def test_a_token_by_a_published_key_is_believed(key: Key, alg: str) -> None:
    assert (await read(signed(claims(), key, alg)))["sub"] == "alice"


async def test_a_token_need_not_name_its_key() -> None:
    assert (await read(signed(claims(), EC, "ES256", kid=None, typ=None)))["sub"] == "alice"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "RS256"])
async def test_a_token_without_a_signature_is_refused(alg: str) -> None:
    """Pitfall 19: alg none, and a good algorithm's name over an empty signature."""
    await refused_why(unsigned(claims(), alg))


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
async def test_a_token_made_with_a_public_key_as_secret_is_refused(alg: str) -> None:
    """Pitfall 19: algorithm confusion."""
    assert alg in await refused_why(signed_with_public_key(claims(), alg))


async def test_an_algorithm_outside_the_settings_is_refused_even_by_a_good_key() -> None:
    assert "ES256" in await refused_why(signed(claims(), EC, "ES256"), algorithms=["RS256"])
    assert "RS512" in await refused_why(signed(claims(), RSA, "RS512"))


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": OTHER_RSA.as_dict(private=False)},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"], "exp": 1},
        {"b64": False, "crit": ["b64"]},
    ],
    ids=lambda header: next(iter(header)),
)
async def test_a_token_that_brings_its_own_key_or_rules_is_refused(header: dict[str, Any]) -> None:
    """Pitfall 19, whether or not the key that signed is a published one."""
    assert "header" in await refused_why(signed(claims(), OTHER_RSA, **header))
    assert "header" in await refused_why(signed(claims(), RSA, **header))


async def test_the_key_of_somebody_else_is_refused_under_any_name() -> None:
    for kid in ("rsa", "unheard of", None, "../../keys"):
        assert "no published key" in await refused_why(signed(claims(), OTHER_RSA, kid=kid))


async def test_a_key_for_something_else_signs_nothing() -> None:
    for parameters in ({"use": "enc"}, {"alg": "RS512"}):
        other = RSAKey.import_key(RSA.as_dict(private=True) | parameters)
        assert "no published key" in await refused_why(signed(claims(), RSA), other)
    other_curve = ECKey.generate_key("P-384", {"kid": "ec"})
    assert "no published key" in await refused_why(signed(claims(), EC, "ES256"), other_curve)


async def test_a_changed_claim_breaks_the_signature() -> None:
    head, _, signature = signed(claims()).split(".")
    _, body, _ = unsigned(claims(sub="victim")).split(".")
    await refused_why(f"{head}.{body}.{signature}")


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b", "a.b.c.d", "ÿ.ÿ.ÿ", "bnVsbA.e30.", "W10.e30.", "eyJhbGciOjF9.e30.", "x" * 500_000],
)
async def test_what_is_no_token_is_refused(token: str) -> None:
    await refused_why(token)


@pytest.mark.parametrize("body", [b"[" * 90_000, b'{"a":' * 20_000, b"7", b"null", b"", b"\xff"], ids=len)
async def test_a_signed_body_that_is_no_object_is_refused(body: bytes) -> None:
    await refused_why(signed_body(body))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://id.example.edu/"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": ["https://id.example.edu"]},
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"aud": []},
        {"aud": None},
        {"aud": {"lists": 1}},
        {"aud": ["lists", "another client"]},
        {"aud": ["lists", "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"exp": SECONDS - 61},
        {"exp": None},
        {"exp": str(SECONDS + 300)},
        {"exp": True},
        {"exp": float("nan")},
        {"iat": SECONDS + 61},
        {"iat": None},
        {"nbf": SECONDS + 61},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "alice\x00"},
        {"sub": "alice\n"},
        {"sub": "\ud800"},
        {"sid": "\x00"},
        {"sid": 7},
        {"acr": ["mfa"]},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": "of another sign-in"},
        {"nonce": [NONCE]},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"auth_time": SECONDS + 300},
    ],
    ids=lambda change: "-".join(f"{name}={str(value)[:25]}" for name, value in change.items()),
)
async def test_a_signed_token_with_a_wrong_claim_is_refused(change: dict[str, Any]) -> None:
    """Pitfalls 17, 18 and 22, and what is expired or of the future."""
    await refused_why(signed(claims(**change)))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": ["lists"]},
        {"aud": ["lists", "another client"], "azp": "lists"},
        {"azp": "lists"},
        {"exp": SECONDS - 30},
        {"iat": SECONDS + 30, "nbf": SECONDS + 30},
        {"at_hash": create_half_hash("an access token", "RS256").decode()},
        {"auth_time": SECONDS - 9_000},
    ],
    ids=lambda change: "-".join(f"{name}={str(value)[:25]}" for name, value in change.items()),
)
async def test_a_signed_token_within_the_rules_is_believed(change: dict[str, Any]) -> None:
    assert (await read(signed(claims(**change))))["sub"] == "alice"


def test_clocks_may_differ_by_two_minutes_at_most() -> None:
    with pytest.raises(ValueError, match="clock_skew"):
        settings(clock_skew=121)


async def test_without_a_nonce_of_ours_no_token_is_believed() -> None:
    """Pitfall 17: an attempt that has lost its nonce does not make the check go away."""
    for said in (claims(), claims(nonce=None), claims(nonce="")):
        with pytest.raises(NotProved):
            await read_id_token(settings(), provider(), signed(said), Expected("", False, NOW, ""), NOW)


async def test_a_fresh_proof_needs_a_time_after_the_question() -> None:
    """Pitfall 54."""
    assert (await read(signed(claims(auth_time=SECONDS)), is_fresh=True))["sub"] == "alice"
    for time in (None, SECONDS - 61, 0, "now", True, float("nan"), float("inf"), -(10**30), 10**30):
        await refused_why(signed(claims(auth_time=time)), is_fresh=True)


async def test_another_kind_of_authentication_than_asked_for_is_refused() -> None:
    assert (await read(signed(claims(acr="mfa")), acr_values=["mfa"]))["acr"] == "mfa"
    for acr in (None, "pwd", ["mfa"]):
        assert "acr" in await refused_why(signed(claims(acr=acr)), acr_values=["mfa"])


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "secevent+jwt"])
async def test_a_token_of_another_type_is_no_id_token(typ: str) -> None:
    assert "type" in await refused_why(signed(claims(), typ=typ))


def logout_claims(**more: Any) -> dict[str, Any]:
    good: dict[str, Any] = {"jti": "1", "events": {LOGOUT_EVENT: {}}, "sid": "s1", "nonce": None}
    return claims(**(good | more))


async def hear(token: str) -> dict[str, Any]:
    return await read_logout_token(settings(), provider(), token, NOW)


@pytest.mark.parametrize("typ", ["logout+jwt", "JWT", None])
async def test_a_logout_token_names_what_has_ended(typ: str | None) -> None:
    heard = await hear(signed(logout_claims(), typ=typ))
    assert (heard["sub"], heard["sid"], heard["jti"]) == ("alice", "s1", "1")


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": NONCE},
        {"nonce": ""},
        {"jti": None},
        {"jti": 7},
        {"iat": None},
        {"iat": SECONDS - 700, "exp": None},
        {"iat": SECONDS + 61},
        {"exp": SECONDS - 61},
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"events": None},
        {"events": []},
        {"events": LOGOUT_EVENT},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"events": {LOGOUT_EVENT: None}},
        {"sub": None, "sid": None},
        {"sub": None, "sid": ""},
        {"sub": "\x00"},
        {"sid": "\ud800"},
        {"jti": "\ud800"},
        {"jti": "x" * 256},
    ],
    ids=lambda change: "-".join(f"{name}={str(value)[:25]}" for name, value in change.items()),
)
async def test_a_signed_logout_token_with_a_wrong_claim_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(NotProved):
        await hear(signed(logout_claims(**change)))


async def test_neither_kind_of_token_passes_for_the_other() -> None:
    with pytest.raises(NotProved):
        await hear(signed(claims()))
    await refused_why(signed(logout_claims()))
    with pytest.raises(NotProved):
        await hear(signed(logout_claims(), typ="at+jwt"))


async def test_a_logout_token_needs_a_published_key() -> None:
    for token in (
        unsigned(logout_claims()),
        signed_with_public_key(logout_claims()),
        signed(logout_claims(), OTHER_RSA),
    ):
        with pytest.raises(NotProved):
            await hear(token)


async def test_a_logout_token_of_an_hour_ago_is_refused_though_it_says_it_still_holds() -> None:
    with pytest.raises(NotProved):
        await hear(signed(logout_claims(iat=SECONDS - 3_600, exp=SECONDS + 3_600)))
