"""What somebody decides about other servers holds at once, in both directions, and nothing holds that nobody decided."""

from dataclasses import replace

import pytest

from federation import consents
from federation.consents import INCOMING, OUTGOING, TooManyPeers
from federation.errors import NoSuchPeer
from identity.actor import Actor
from identity.refusal import SignInNeeded
from identity.standing import SignInIsOld
from storage import federation_consents as rows
from storage.database import Database
from storage.tables.federation import Peer
from storage.tables.lists import Robot
from storage.tables.words import AddressVerdict, ConsentMode, Incoming, PeerTrust
from tests.conftest import Clock
from tests.federation.other_server import OtherServer, known
from tests.identity.world import World, make_robot

ALICE = "alice@x.example"
EVERYBODY, SOME, NOBODY = ConsentMode.ALL_TRUSTED, ConsentMode.SELECTED, ConsentMode.NOBODY


@pytest.fixture
async def world(database: Database) -> World:
    return World(database, await make_robot(database, "a.example"))


@pytest.fixture
async def alice(world: World) -> Actor:
    await world.person(ALICE)
    return await world.actor(ALICE)


@pytest.fixture
async def peer(database: Database) -> Peer:
    return await known(database, OtherServer())


async def decided(
    world: World,
    actor: Actor,
    outgoing: ConsentMode | None = None,
    incoming: ConsentMode | None = None,
    peers: list[int] | None = None,
) -> consents.Consent:
    async with world.db.write() as uow:
        return await consents.update(uow, actor, outgoing=outgoing, incoming=incoming, peer_ids=peers)


def both(consent: consents.Consent, peer: Peer) -> tuple[bool, bool]:
    return consent.covers(OUTGOING, peer.id), consent.covers(INCOMING, peer.id)


async def test_nothing_is_agreed_to_before_it_is_said(world: World, alice: Actor, peer: Peer) -> None:
    assert alice.person is not None
    async with world.db.read() as reader:
        consent = await consents.consent_of(reader, alice.person.id)
    assert both(consent, peer) == (False, False)
    assert consent.updated_at is None
    assert not consent.is_decided(INCOMING, peer.id)


async def test_each_direction_is_decided_for_itself(world: World, alice: Actor, peer: Peer) -> None:
    assert both(await decided(world, alice, EVERYBODY, NOBODY), peer) == (True, False)
    assert both(await decided(world, alice, incoming=SOME), peer) == (True, False)
    assert both(await decided(world, alice, peers=[peer.id]), peer) == (True, True)
    assert both(await decided(world, alice, outgoing=SOME), peer) == (True, True)
    assert both(await decided(world, alice, peers=[]), peer) == (False, False)


async def test_what_was_stopped_stays_stopped_until_it_is_chosen(
    world: World, alice: Actor, peer: Peer
) -> None:
    await decided(world, alice, EVERYBODY, EVERYBODY)
    async with world.db.write() as uow:
        stopped = await consents.stop(uow, alice, peer.id)
    assert both(stopped, peer) == (True, False)
    assert both(await decided(world, alice, incoming=EVERYBODY), peer) == (True, False)
    assert both(await decided(world, alice, peers=[peer.id]), peer) == (True, True)


@pytest.mark.parametrize(
    ("incoming", "is_chosen", "verdict"),
    [
        (NOBODY, False, AddressVerdict.NEVER),
        (SOME, False, AddressVerdict.NEVER),
        (SOME, True, AddressVerdict.ALLOWED),
        (EVERYBODY, False, AddressVerdict.ALLOWED),
        (None, False, AddressVerdict.ALLOWED),
    ],
)
async def test_who_decides_otherwise_ends_what_was_allowed_by_mail(
    world: World,
    alice: Actor,
    peer: Peer,
    incoming: ConsentMode | None,
    is_chosen: bool,
    verdict: AddressVerdict,
) -> None:
    async with world.db.write() as uow:
        await rows.decide(uow, peer.id, ALICE, AddressVerdict.ALLOWED)
    await decided(world, alice, EVERYBODY, incoming, [peer.id] if is_chosen else [])
    async with world.db.read() as reader:
        assert (await rows.of_addresses(reader, peer.id, [ALICE]))[ALICE].verdict is verdict


async def test_a_decision_takes_a_fresh_sign_in_and_a_stop_any(
    world: World, alice: Actor, peer: Peer, clock: Clock
) -> None:
    with pytest.raises(SignInNeeded):
        await decided(world, replace(alice, person=None, session=None), EVERYBODY)
    clock.advance(hours=13)
    with pytest.raises(SignInIsOld):
        await decided(world, alice, EVERYBODY)
    async with world.db.write() as uow:
        assert both(await consents.stop(uow, alice, peer.id), peer) == (False, False)


async def test_only_servers_that_are_known_are_chosen_and_not_too_many(
    world: World, alice: Actor, peer: Peer
) -> None:
    with pytest.raises(NoSuchPeer):
        await decided(world, alice, SOME, SOME, [peer.id + 1])
    with pytest.raises(TooManyPeers):
        await decided(world, alice, SOME, SOME, [*range(101)])
    with pytest.raises(NoSuchPeer):
        async with world.db.write() as uow:
            await consents.stop(uow, alice, peer.id + 1)


def robot(outgoing: ConsentMode = EVERYBODY, incoming: Incoming = Incoming.ASK) -> Robot:
    plain = Robot(1, "a.example", "", "", "en", "", listmasters_are_owners=True, created_at=0)
    return replace(plain, federation_outgoing=outgoing, federation_incoming=incoming)


async def test_trust_and_the_domain_are_over_what_people_agree_to(
    world: World, alice: Actor, peer: Peer
) -> None:
    all_of_it = await decided(world, alice, EVERYBODY, EVERYBODY)
    assert consents.may_name(all_of_it, robot(), peer)
    assert consents.may_tell(all_of_it, robot(), peer)
    assert not consents.may_name(all_of_it, robot(outgoing=NOBODY), peer)
    assert not consents.may_name(all_of_it, robot(outgoing=SOME), peer)
    assert not consents.may_tell(all_of_it, robot(incoming=Incoming.NEVER), peer)
    chosen = await decided(world, alice, SOME, SOME, [peer.id])
    assert consents.may_name(chosen, robot(outgoing=SOME), peer)
    asked = replace(peer, trust=PeerTrust.ASK_ONLY)
    assert (consents.may_name(chosen, robot(), asked), consents.may_tell(chosen, robot(), asked)) == (
        True,
        False,
    )
    assert consents.narrower(SOME, EVERYBODY) is SOME
