"""Ada at this server, who agreed that every trusted peer is asked, and a peer where she is on a list."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from federation import consents
from federation.asking import PeerMemberships, ask_all
from identity.actor import Actor
from storage import peers as rows
from storage.database import Database
from storage.site import Site
from storage.tables.federation import Peer
from storage.tables.words import ConsentMode
from tests.conftest import Clock
from tests.identity.world import World, make_robot
from tests.wire.answering_peer import AnsweringPeer, answering_peer

ADA = "ada@example.test"


@dataclass
class Here:
    """This server: Ada, who agreed that every trusted peer is asked."""

    world: World
    ada: Actor
    token: str = ""

    @property
    def db(self) -> Database:
        return self.world.db

    async def ask(self, seconds: float = 3.0, **more: Any) -> dict[str, PeerMemberships]:
        """What becomes of each peer, by its origin."""
        return {each.peer.issuer: each async for each in ask_all(self.db, self.ada, seconds=seconds, **more)}

    async def agree(self, outgoing: ConsentMode, *peer_ids: int) -> None:
        async with self.db.write() as uow:
            await consents.update(uow, self.ada, outgoing=outgoing, peer_ids=peer_ids)

    async def peer(self, issuer: str) -> Peer:
        async with self.db.read() as reader:
            found = await rows.by_issuer(reader, issuer)
        assert found is not None
        return found


def asking_site(clock: Clock) -> Site:
    """A server that may ask peers at addresses of this machine."""
    return Site(public_url="http://127.0.0.1:9", secret=b"s" * 32, clock=clock, federates_privately=True)


async def ada_here(database: Database) -> Here:
    """Ada, signed in by a password and agreed."""
    world = World(database, await make_robot(database, "example.test"))
    await world.person(ADA, password="correct horse battery")
    token = (await world.by_password(ADA)).raw_token
    ada = await world.who(token)
    assert ada is not None
    made = Here(world, ada, token)
    await made.agree(ConsentMode.ALL_TRUSTED)
    return made


@contextmanager
def ada_there(clock: Clock) -> Iterator[AnsweringPeer]:
    """A peer where Ada is on one list, until the block ends."""
    with answering_peer(clock) as running:
        running.on[ADA] = [running.item()]
        yield running


async def asked_one(here: Here, peer: AnsweringPeer, seconds: float = 3.0) -> PeerMemberships:
    return (await here.ask(seconds))[peer.url]
