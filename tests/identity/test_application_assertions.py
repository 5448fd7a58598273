"""What an assertion must not get past: each is refused in the same words, and leaves nothing behind."""

import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from mail.instant import DAY, MINUTE
from storage import seen
from tests.conftest import Clock
from tests.identity.application_client import Client, client, compact, with_hmac
from tests.identity.application_world import ANN, READ, acts, base, exchanged, noted, refused
from tests.identity.world import World, make_robot


async def test_a_good_assertion_lets_the_application_speak_for_ten_minutes(
    world: World, app: Client, clock: Clock
) -> None:
    made = await exchanged(world, app.assertion(ANN, assertions={"DEPT": "a=b,c=d"}))
    actor = await acts(world, made.raw_token)
    assert actor is not None
    assert (actor.sender, actor.method, actor.application) == (ANN, "md5", "Courses")
    assert (actor.via, actor.assertions) == ("application Courses", {"DEPT": "a=b,c=d"})
    assert (actor.scopes, actor.operations) == (frozenset(READ), frozenset())
    clock.advance(seconds=9 * 60)
    assert await acts(world, made.raw_token) is not None
    clock.advance(seconds=1 * 60)
    assert await acts(world, made.raw_token) is None


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (lambda: ECKey.generate_key("P-256"), "ES256"),
        (lambda: ECKey.generate_key("P-384"), "ES384"),
        (lambda: RSAKey.generate_key(2048), "RS256"),
        (lambda: OKPKey.generate_key("Ed25519"), "EdDSA"),
    ],
)
async def test_keys_of_each_kind_sign(world: World, key: Any, algorithm: str) -> None:
    app = await client(world.db, world.robot, base(world), key=key(), scopes=READ, domains=["example.edu"])
    app.algorithm = algorithm
    assert await acts(world, (await exchanged(world, app.assertion(ANN))).raw_token)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"aud": None}, "audience"),
        ({"aud": "https://elsewhere.example"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": "https://example.test.evil.example"}, "audience"),
        ({"exp": None}, "dates"),
        ({"iat": None}, "dates"),
        ({"exp": True}, "dates"),
        ({"exp": "soon"}, "dates"),
        ({"jti": None}, "id"),
        ({"jti": ""}, "id"),
        ({"jti": "x" * 201}, "id"),
        ({"jti": 7}, "id"),
        ({"sub": None}, "subject"),
        ({"sub": [ANN]}, "subject"),
        ({"sub": "ann@elsewhere.example"}, "domain"),
        ({"sub": "ann@sub.example.edu"}, "domain"),
        ({"sub": "ann@example.edu.evil.example"}, "domain"),
        ({"sub": "ann"}, "domain"),
        ({"sub": "<ann@example.edu>, <eve@elsewhere.example>"}, "domain"),
        ({"act": {"sub": "somebody else"}}, "actor"),
        ({"assertions": ["DEPT"]}, "variables"),
        ({"assertions": {"DEPT": 7}}, "variables"),
        ({"assertions": {"DEPT": ["math"]}}, "variables"),
        ({"assertions": {"DEPT": "x" * 2_001}}, "variables"),
        ({"assertions": {f"N{n}": "" for n in range(51)}}, "variables"),
    ],
)
async def test_what_is_said_wrongly_is_refused(
    world: World, app: Client, changes: dict[str, Any], why: str
) -> None:
    """Pitfalls 22 and 53."""
    claims = app.claims(ANN) | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    assert await refused(world, app.signed(kept)) == why
    # The domain's own people may know why: the application did sign it.
    assert await noted(world) == [why]


@pytest.mark.parametrize(
    ("begin", "end", "why"),
    [
        (-200, -1, "expired"),
        (-60, 0, "expired"),
        (0, 301, "too long"),
        (31, 120, "future"),
        (60, 30, "expired"),
    ],
)
async def test_dates_are_held_to_the_second(
    world: World, app: Client, begin: int, end: int, why: str
) -> None:
    assert await refused(world, app.assertion(ANN, iat=app.now + begin, exp=app.now + end)) == why


async def test_five_minutes_and_a_clock_that_is_a_little_ahead_are_well(world: World, app: Client) -> None:
    assert (await exchanged(world, app.assertion(ANN, iat=app.now + 30, exp=app.now + 300))).raw_token
    assert await refused(world, app.assertion(ANN, nbf=app.now + 60)) == "future"
    assert (await exchanged(world, app.assertion(ANN, act={"sub": app.application.client_id}))).raw_token
    assert (await exchanged(world, app.assertion(ANN, aud=[app.audience]))).raw_token


async def test_an_assertion_is_good_once(world: World, app: Client, clock: Clock) -> None:
    """Pitfalls 22 and 53."""
    text = app.assertion(ANN, jti="once")
    await exchanged(world, text)
    assert await refused(world, text) == "replayed"
    assert await refused(world, app.assertion(ANN, jti="once")) == "replayed"
    clock.advance(days=2)
    async with world.db.write() as uow:
        assert await seen.drop_old(uow, before=uow.now - DAY) == 1
    assert await refused(world, text) == "expired"


async def test_ids_of_two_givers_have_nothing_to_do_with_each_other(world: World) -> None:
    async with world.db.write() as uow:
        until = uow.now + MINUTE
        assert await seen.first_time(uow, "one", "id", until)
        assert await seen.first_time(uow, "two", "id", until)
        assert not await seen.first_time(uow, "one", "id", until)


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": {"kty": "OKP"}},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["AAAA"]},
        {"crit": ["b64"], "b64": False},
        {"cty": "JWT"},
        {"typ": "secevent+jwt"},
        {"typ": 7},
    ],
)
async def test_nothing_else_stands_in_the_header(world: World, app: Client, header: dict[str, Any]) -> None:
    assert await refused(world, app.assertion(ANN, header=header)) == "header"
    assert await noted(world) == []


async def test_a_key_that_comes_along_in_the_header_is_not_believed(world: World, app: Client) -> None:
    """Pitfall 19."""
    evil = OKPKey.generate_key("Ed25519")
    for header in ({"jwk": evil.as_dict(private=False)}, {}):
        text = app.signed(app.claims(ANN), header=header, key=evil)
        assert await refused(world, text) in {"header", "signature"}
    text = app.signed(app.claims(ANN), header={"kid": evil.thumbprint()}, key=evil)
    assert await refused(world, text) == "unknown key"


@pytest.mark.parametrize("name", ["none", "None", "nOnE", ""])
async def test_an_unsigned_assertion_is_refused(world: World, app: Client, name: str) -> None:
    """Pitfall 19."""
    text = compact({"alg": name, "kid": app.kid}, app.claims(ANN))
    assert await refused(world, text) == "malformed"
    assert await refused(world, text + "AAAA") == "algorithm"


@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512"])
async def test_the_public_key_is_no_shared_secret(world: World, app: Client, name: str) -> None:
    """Pitfall 19: algorithm confusion."""
    public = app.key.as_pem(private=False)
    jwk = json.dumps(app.key.as_dict(private=False)).encode()
    for secret in (public, jwk, b"", app.kid.encode()):
        text = with_hmac({"alg": name, "kid": app.kid}, app.claims(ANN), secret)
        assert await refused(world, text) == "algorithm"


async def test_a_key_signs_by_its_own_algorithm_alone(world: World) -> None:
    app = await client(
        world.db,
        world.robot,
        base(world),
        key=RSAKey.generate_key(2048),
        scopes=READ,
        domains=["example.edu"],
    )
    for name in ("RS512", "PS256"):
        app.algorithm = name
        assert await refused(world, app.assertion(ANN)) == "algorithm"
    app.algorithm = "RS256"
    assert (await exchanged(world, app.assertion(ANN))).raw_token


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "{}", "x" * 20_000,
        compact({"alg": "EdDSA"}, {}, b"x"), compact([], {}, b"x"), compact({}, [], b"x"),
        compact({"alg": "EdDSA", "kid": "x"}, {"iss": 7}, b"x"),
        compact({"alg": "EdDSA", "kid": "x"}, {"iss": "x", "n": float("nan")}, b"x"),
        compact({"alg": "EdDSA", "kid": "x"}, json.loads("[" * 900 + "]" * 900), b"x"),
    ],
)  # fmt: skip
async def test_what_is_no_jwt_is_refused(world: World, text: str) -> None:
    assert await refused(world, text) == "malformed"


async def test_a_name_that_stands_twice_is_refused(world: World, app: Client) -> None:
    claims = json.dumps(app.claims(ANN))
    twice = claims[:-1] + ', "sub": "eve@example.edu"}'
    assert await refused(world, app.signed(twice.encode())) == "malformed"


async def test_a_changed_assertion_is_refused(world: World, app: Client) -> None:
    head, _, signature = app.assertion(ANN).split(".")
    other = app.assertion("eve@example.edu").split(".")[1]
    assert await refused(world, f"{head}.{other}.{signature}") == "signature"


@pytest.mark.parametrize("key", [lambda: ECKey.generate_key("P-256"), lambda: RSAKey.generate_key(2048)])
@pytest.mark.parametrize("signature", ["AA", "A" * 86, "!", "A" * 400, "A"])
async def test_signatures_of_any_size_are_refused(world: World, key: Any, signature: str) -> None:
    app = await client(world.db, world.robot, base(world), key=key(), scopes=READ, domains=["example.edu"])
    bare = app.assertion(ANN).rpartition(".")[0]
    assert await refused(world, f"{bare}.{signature}") in {"signature", "malformed"}


async def test_another_robots_application_is_nobody_here(world: World, app: Client) -> None:
    """Pitfall 53."""
    elsewhere = replace(world, robot=await make_robot(world.db, "other.test"))
    assert await refused(elsewhere, app.assertion(ANN)) == "unknown application"
    theirs = await client(world.db, elsewhere.robot, base(elsewhere), scopes=READ, domains=["example.edu"])
    assert await refused(world, theirs.assertion(ANN)) == "unknown application"
    made = await exchanged(world, app.assertion(ANN))
    assert await acts(elsewhere, made.raw_token) is None


async def test_a_name_is_no_client_id(world: World, app: Client) -> None:
    assert await refused(world, app.assertion(ANN, iss="Courses")) == "unknown application"


@pytest.mark.parametrize("remote", ["198.51.100.1", "2001:db9::1", "", "nonsense"])
async def test_a_request_from_elsewhere_is_refused(world: World, app: Client, remote: str) -> None:
    assert await refused(world, app.assertion(ANN), remote=remote) == "network"
    made = await exchanged(world, app.assertion(ANN), remote="2001:db8::7")
    assert await acts(world, made.raw_token, remote) is None
    assert await acts(world, made.raw_token, "::ffff:192.0.2.9") is not None
