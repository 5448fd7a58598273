"""What an assertion must not get past: each is refused in the same words, and leaves nothing behind."""

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from sqlalchemy import func, select

from identity import acting, applications, grants
from identity.acting import Acting, ScopeNotAllowed, act_as, actor_for_application
from identity.actor import Actor, operator
from identity.application_keys import BadKey, PrivateKeyShown, SharedSecret, read_keys
from identity.assertions import AssertionRefused
from identity.entrance import actor_for_session
from identity.grants import GrantNeeded
from identity.ledger import prove
from identity.people import create_person, find_by_address
from lists import trusted_applications
from mail.instant import DAY, MINUTE, SECOND
from storage import applications as stored
from storage import ledger, seen
from storage.query import Query
from storage.tables.access import sessions
from storage.tables.applications import seen_assertions
from storage.tables.mail import audit
from storage.tables.people import people
from storage.tables.words import AddressSource, Strength, TokenScope
from tests.conftest import Clock
from tests.identity.application_client import Client, client, compact, with_hmac
from tests.identity.world import World, make_robot

READ = (TokenScope.READ,)
ANN = "ann@example.edu"


@pytest.fixture
async def app(world: World) -> Client:
    """An application that may read for people of example.edu, from one network."""
    return await client(
        world.db,
        world.robot,
        base(world),
        scopes=[TokenScope.READ, TokenScope.POST],
        assertable=["DEPT"],
        domains=["example.edu"],
        networks=["192.0.2.0/24", "2001:db8::/32"],
    )


def base(world: World) -> str:
    return (world.robot.public_url or world.db.site.public_url).rstrip("/")


async def exchanged(world: World, text: str, scopes: Any = READ, remote: str = "192.0.2.1") -> Acting:
    return await act_as(world.db, world.robot, text, scopes, remote_address=remote)


async def acts(world: World, token: str, remote: str = "192.0.2.1") -> Actor | None:
    async with world.db.read() as reader:
        return await actor_for_application(reader, world.robot, token, remote_address=remote)


async def count(world: World, table: Any) -> int:
    async with world.db.read() as reader:
        return await reader.first(Query(select(func.count()).select_from(table), int)) or 0


async def noted(world: World) -> list[str]:
    """Why assertions were refused, as the audit has it."""
    query = Query(
        select(audit.c.detail).where(audit.c.event == "assertion_refused").order_by(audit.c.id), str
    )
    async with world.db.read() as reader:
        return [orjson.loads(each)["why"] for each in await reader.all(query)]


async def refused(world: World, text: str, **more: Any) -> str:
    """The one answer; nothing was made, and nobody came in."""
    before = [await count(world, table) for table in (sessions, people, seen_assertions)]
    with pytest.raises(AssertionRefused) as caught:
        await exchanged(world, text, **more)
    assert caught.value.message == "This assertion is not accepted here."
    assert (caught.value.code, caught.value.path) == ("WRONG_CREDENTIALS", ("assertion",))
    assert [await count(world, table) for table in (sessions, people, seen_assertions)] == before
    return caught.value.why


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
    evil = OKPKey.generate_key("Ed25519")
    for header in ({"jwk": evil.as_dict(private=False)}, {}):
        text = app.signed(app.claims(ANN), header=header, key=evil)
        assert await refused(world, text) in {"header", "signature"}
    text = app.signed(app.claims(ANN), header={"kid": evil.thumbprint()}, key=evil)
    assert await refused(world, text) == "unknown key"


@pytest.mark.parametrize("name", ["none", "None", "nOnE", ""])
async def test_an_unsigned_assertion_is_refused(world: World, app: Client, name: str) -> None:
    text = compact({"alg": name, "kid": app.kid}, app.claims(ANN))
    assert await refused(world, text) == "malformed"
    assert await refused(world, text + "AAAA") == "algorithm"


@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512"])
async def test_the_public_key_is_no_shared_secret(world: World, app: Client, name: str) -> None:
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


async def test_the_end_of_trust_ends_what_is_open(world: World, app: Client) -> None:
    made = await exchanged(world, app.assertion(ANN))
    async with world.db.write() as uow:
        await trusted_applications.revoke(uow, operator(world.robot), "Courses")
    assert await acts(world, made.raw_token) is None
    assert await refused(world, app.assertion(ANN)) == "unknown application"
    async with world.db.write() as uow:
        with pytest.raises(applications.NameTaken):
            await trusted_applications.register(
                uow,
                operator(world.robot),
                "Courses",
                read_keys(app.key.as_dict(private=False)),
                applications.Trust(),
            )


async def test_keys_come_into_force_and_end(world: World, app: Client, clock: Clock) -> None:
    new = OKPKey.generate_key("Ed25519")
    begin = int(app.now) + 3600
    jwk = new.as_dict(private=False) | {"nbf": begin, "exp": begin + 7200}
    async with world.db.write() as uow:
        await trusted_applications.rotate(
            uow, operator(world.robot), "Courses", read_keys(jwk), overlap=2 * 60 * MINUTE
        )
    renewed = replace(app, key=new)
    assert await refused(world, renewed.assertion(ANN)) == "key not in force"
    assert (await exchanged(world, app.assertion(ANN))).raw_token
    clock.advance(seconds=60 * 60)
    assert (await exchanged(world, renewed.assertion(ANN))).raw_token
    assert (await exchanged(world, app.assertion(ANN))).raw_token
    clock.advance(seconds=60 * 60)
    assert await refused(world, app.assertion(ANN)) == "key not in force"
    assert (await exchanged(world, renewed.assertion(ANN))).raw_token
    clock.advance(seconds=60 * 60)
    assert await refused(world, renewed.assertion(ANN)) == "key not in force"


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_private_shared_and_weak_keys_are_not_taken() -> None:
    own = OKPKey.generate_key("Ed25519")
    for shown in (own.as_dict(private=True), own.as_pem(private=True), {"keys": [own.as_dict(private=True)]}):
        with pytest.raises(PrivateKeyShown):
            read_keys(shown)
    rsa = RSAKey.generate_key(2048)
    with pytest.raises(PrivateKeyShown):
        read_keys(rsa.as_dict(private=True))
    for shared in (OctKey.generate_key(256).as_dict(private=True), {"kty": "oct"}):
        with pytest.raises(SharedSecret):
            read_keys(shared)
    public = own.as_dict(private=False)
    weak = rsa_keys.generate_private_key(65537, 1024)
    wrong: list[Any] = [
        weak.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        ECKey.generate_key("secp256k1").as_dict(private=False),
        OKPKey.generate_key("X25519").as_dict(private=False),
        public | {"use": "enc"}, public | {"alg": "HS256"}, public | {"alg": "RS256"}, public | {"nbf": "x"},
        public | {"x": "AAAA"}, public | {"x": 7}, {"keys": []}, {"keys": [public, public]}, {"keys": public},
        {"keys": [7]}, {}, b"{", b"nothing", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ]  # fmt: skip
    for each in wrong:
        with pytest.raises(BadKey):
            read_keys(each)


def test_a_key_is_named_by_its_thumbprint_and_kept_bare() -> None:
    own = ECKey.generate_key("P-256")
    for shown in (own.as_dict(private=False) | {"kid": "mine", "x5c": ["AAAA"]}, own.as_pem(private=False)):
        [key] = read_keys(shown)
        assert (key.kid, key.algorithm) == (own.thumbprint(), "ES256")
        assert set(orjson.loads(key.jwk)) == {"kty", "crv", "x", "y"}


async def test_who_holds_an_address_is_meant_and_keeps_it(world: World, app: Client) -> None:
    ann = await world.person(ANN)
    made = await exchanged(world, app.assertion("ANN@example.edu"))
    assert made.session.person_id == ann.id
    async with world.db.read() as reader:
        rows = await ledger.of_people(reader, [ann.id])
    assert {row.source for row in rows} == {AddressSource.ACCOUNT}


async def test_a_new_address_makes_a_person_on_the_applications_word_for_a_while(
    world: World, app: Client, clock: Clock
) -> None:
    first = await exchanged(world, app.assertion(ANN))
    begun = world.db.site.clock()
    async with world.db.read() as reader:
        [row] = await ledger.of_people(reader, [first.session.person_id])
    assert (row.source, row.robot_id, row.strength) == (
        AddressSource.TRUSTED_APP,
        world.robot.id,
        Strength.MD5,
    )
    assert row.expires_at == begun + 30 * DAY
    clock.advance(days=20)
    again = await exchanged(world, app.assertion(ANN))
    assert again.session.person_id == first.session.person_id
    async with world.db.read() as reader:
        [row] = await ledger.of_people(reader, [first.session.person_id])
    assert row.expires_at == begun + 50 * DAY
    clock.advance(days=31)
    async with world.db.read() as reader:
        assert await find_by_address(reader, ANN, robot_id=world.robot.id) is None
    # Its own word it may give again.
    assert (await exchanged(world, app.assertion(ANN))).session.person_id == first.session.person_id


async def test_an_applications_word_takes_no_address_from_anybody(
    world: World, app: Client, clock: Clock
) -> None:
    other = await make_robot(world.db, "other.test")
    async with world.db.write() as uow:
        ann = await create_person(uow, "ann@home.example", proved=True)
        until = uow.now + DAY
        await prove(uow, ann.id, ANN, source=AddressSource.CHALLENGE, strength=Strength.MD5, expires_at=until)
        bob = await create_person(uow, "bob@home.example", proved=True)
        await prove(
            uow,
            bob.id,
            "bob@example.edu",
            source=AddressSource.LDAP,
            strength=Strength.MD5,
            robot_id=other.id,
        )
    # Another robot's directory says whose it is, which is nothing here, and cannot be overruled from here.
    assert await refused(world, app.assertion("bob@example.edu")) == "address"
    clock.advance(days=2)
    # It was proved once and lapsed: only the mailbox itself can say whose it is now.
    assert await refused(world, app.assertion(ANN)) == "address"
    async with world.db.write() as uow:
        assert await ledger.holder(uow, ANN) == ann.id


async def test_addresses_beyond_its_domains_neither_count_nor_show(world: World, app: Client) -> None:
    async with world.db.write() as uow:
        ceo = await create_person(uow, "ceo@company.example", proved=True)
        for address in (ANN, "ann.b@example.edu"):
            await prove(uow, ceo.id, address, source=AddressSource.CHALLENGE, strength=Strength.SMIME)
    made = await exchanged(world, app.assertion(ANN))
    actor = await acts(world, made.raw_token)
    assert actor is not None
    assert actor.person is not None
    assert actor.addresses == (ANN, "ann.b@example.edu")
    assert (actor.strength, actor.method) == (Strength.MD5, "md5")
    assert actor.person.main_address == ANN


async def test_the_session_is_no_browsers(world: World, app: Client) -> None:
    made = await exchanged(world, app.assertion(ANN))
    async with world.db.read() as reader:
        assert await actor_for_session(reader, world.robot, made.raw_token) is None
    assert made.raw_token.startswith(acting.PREFIX)
    assert made.session.expires_at - made.session.created_at == 600 * SECOND


async def test_scopes_are_no_more_than_allowed(world: World, app: Client) -> None:
    for wanted in ((TokenScope.OWN,), (TokenScope.ADMINISTRATE,), (TokenScope.READ, TokenScope.SUBSCRIBE)):
        with pytest.raises(ScopeNotAllowed):
            await exchanged(world, app.assertion(ANN), wanted)
    made = await exchanged(world, app.assertion(ANN), (TokenScope.POST,))
    actor = await acts(world, made.raw_token)
    assert actor is not None
    assert actor.may(TokenScope.POST)
    assert not actor.may(TokenScope.READ)


async def test_a_person_whose_leave_is_needed_is_asked_first_and_may_take_it_back(world: World) -> None:
    app = await client(
        world.db,
        world.robot,
        base(world),
        scopes=[TokenScope.READ, TokenScope.POST],
        domains=["example.edu"],
        requires_grant=True,
    )
    before = await count(world, people)
    for address in (ANN, "unknown@example.edu"):
        with pytest.raises(GrantNeeded):
            await exchanged(world, app.assertion(address))
    assert await count(world, people) == before
    ann = await world.actor(ANN)
    async with world.db.write() as uow:
        grant, _ = await grants.give(uow, ann, app.application.client_id, READ)
    made = await exchanged(world, app.assertion(ANN))
    with pytest.raises(GrantNeeded):
        await exchanged(world, app.assertion(ANN), (TokenScope.POST,))
    assert await acts(world, made.raw_token)
    async with world.db.write() as uow:
        await grants.take_back(uow, ann, grant.id)
    assert await acts(world, made.raw_token) is None
    with pytest.raises(GrantNeeded):
        await exchanged(world, app.assertion(ANN))


async def test_the_trust_is_noted_when_it_is_used(world: World, app: Client) -> None:
    async with world.db.read() as reader:
        assert (await applications.find(reader, world.robot.id, "Courses")).last_used_at is None
    await exchanged(world, app.assertion(ANN))
    async with world.db.read() as reader:
        found = await stored.find(reader, world.robot.id, app.application.client_id)
    assert found is not None
    assert found.last_used_at == world.db.site.clock()
