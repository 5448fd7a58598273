"""Applications that speak for people: their keys, whom they mean, how long, and what stays out of their reach."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from identity import acting, applications, grants
from identity.acting import ScopeNotAllowed
from identity.actor import operator
from identity.application_keys import BadKey, PrivateKeyShown, SharedSecret, read_keys
from identity.entrance import actor_for_session
from identity.grants import GrantNeeded
from identity.ledger import prove
from identity.people import create_person, find_by_address
from lists import trusted_applications
from mail.instant import DAY, MINUTE, SECOND
from storage import applications as stored
from storage import ledger
from storage.tables.access import sessions
from storage.tables.people import people
from storage.tables.words import AddressSource, Strength, TokenScope
from tests.conftest import Clock
from tests.identity.application_client import Client, client
from tests.identity.application_world import ANN, READ, acts, base, count, exchanged, refused
from tests.identity.world import World, make_robot


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
    """Pitfall 53: a key of its own, and no password."""
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


async def test_of_two_at_once_with_one_assertion_one_gets_in(world: World, app: Client) -> None:
    text = app.assertion(ANN)
    found = await asyncio.gather(*(exchanged(world, text) for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["Acting", *["AssertionRefused"] * 3]
    assert await count(world, sessions) == 1


async def test_of_two_at_once_for_somebody_new_both_mean_the_same_person(world: World, app: Client) -> None:
    texts = [app.assertion(ANN) for _ in range(4)]
    found = await asyncio.gather(*(exchanged(world, text) for text in texts))
    assert len({each.session.person_id for each in found}) == 1
    assert await count(world, people) == 1


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
    """Pitfalls 1 and 53."""
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
    """Pitfall 53."""
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
