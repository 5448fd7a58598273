"""Who agreed in their account gets a token there, without a mail, for an address of theirs and for a server that they agreed to."""

from dataclasses import replace

import pytest

from federation import consents, own_token, tokens
from federation.errors import NoSuchPeer
from federation.outgoing import NotYourAddress
from federation.own_token import NotAgreed
from identity.actor import Actor
from identity.refusal import SignInNeeded
from storage import federation_consents as rows
from storage.database import Database
from storage.tables.federation import Peer
from storage.tables.words import ConsentMode, PeerTrust
from tests.conftest import Clock
from tests.federation.other_server import OtherServer, known
from tests.identity.world import World, make_robot

ALICE = "alice@x.example"


@pytest.fixture
async def world(database: Database) -> World:
    return World(database, await make_robot(database, "a.example"))


@pytest.fixture
async def alice(world: World) -> Actor:
    await world.person(ALICE)
    return await world.actor(ALICE)


async def agreed(world: World, alice: Actor) -> None:
    async with world.db.write() as uow:
        await consents.update(uow, alice, incoming=ConsentMode.ALL_TRUSTED)


async def issued(world: World, actor: Actor, peer: Peer, email: str = ALICE) -> str:
    async with world.db.write() as uow:
        return await own_token.issue(uow, actor, peer.id, email)


async def test_it_is_a_token_until_the_next_one_or_a_stop(
    world: World, alice: Actor, database: Database, clock: Clock
) -> None:
    peer = await known(database, OtherServer())
    with pytest.raises(NotAgreed):
        await issued(world, alice, peer)
    await agreed(world, alice)
    first = (await issued(world, alice, peer)).rpartition("token=")[2]
    clock.advance(seconds=1)
    second = (await issued(world, alice, peer)).rpartition("token=")[2]

    async def fits(token: str) -> bool:
        async with database.read() as reader:
            consent = (await rows.of_addresses(reader, peer.id, [ALICE])).get(ALICE)
        return tokens.fits(database.site, peer, consent, token)

    assert (await fits(first), await fits(second)) == (False, True)
    async with world.db.write() as uow:
        await consents.stop(uow, alice, peer.id)
    assert not await fits(second)
    with pytest.raises(NotAgreed):
        await issued(world, alice, peer)


async def test_nobody_gets_one_for_another_address_or_server(
    world: World, alice: Actor, database: Database
) -> None:
    peer = await known(database, OtherServer())
    blocked = await known(database, OtherServer("https://third.example"), PeerTrust.BLOCKED)
    await agreed(world, alice)
    with pytest.raises(NotYourAddress):
        await issued(world, alice, peer, "eve@x.example")
    with pytest.raises(NoSuchPeer):
        await issued(world, alice, blocked)
    with pytest.raises(SignInNeeded):
        await issued(world, replace(alice, person=None, session=None), peer)
