"""Servers that lie, turn or stand in a ring: what a whole exchange comes to then (listfed/1)."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from federation import consents, discovery, peers, question
from federation.asking import PeerMemberships, PeerStatus, ask_all
from federation.remembered import remembered_of
from federation.signatures import sign_request
from identity.actor import Actor, founder
from server.federation_door import federation_routes, settled
from storage import peers as rows
from storage import robots
from storage.database import Database
from storage.site import Site
from storage.tables.federation import Peer
from storage.tables.words import ConsentMode, PeerTrust
from tests.conftest import Clock
from tests.federation.other_server import new_pair
from tests.identity.world import World, make_robot
from tests.wire.answering_peer import AnsweringPeer, answering_peer, befriended
from tests.wire.hostile_web import Says
from tests.wire.postroom import Running, served
from tests.wire.sink import Sink
from tests.wire.test_federation_journey import CONSENT, VIEW, command, with_list
from tests.wire.test_federation_journey import befriended as acquainted
from tests.wire.test_journey import ALICE, Inbox, asked, signed_in

HERE = "http://127.0.0.1:9"
ADA = "ada@x.example"


# ---- a ring of three


@dataclass
class Ring:
    """Three servers, each of which trusts both others, and Alice's session at each."""

    servers: list[Running]
    tokens: list[str]

    async def view(self, number: int) -> Any:
        """All that she is on, as one of them shows it."""
        answer = await asked(self.servers[number], self.tokens[number], VIEW)
        return answer["federatedMemberships"]

    def questions(self) -> list[int]:
        """How many requests of other servers each has had."""
        return [_others(each) for each in self.servers]


def _others(server: Running) -> int:
    text = httpx.get(f"{server.url}/metrics").text
    found = re.search(r'^postroom_http_request_seconds_count\{place="other"\} ([0-9.]+)$', text, re.MULTILINE)
    return int(float(found[1])) if found else 0


@asynccontextmanager
async def ring(tmp_path: Path) -> AsyncIterator[Ring]:
    """Each with one list that Alice is on; she agreed to everything everywhere."""
    async with AsyncExitStack() as opened:
        sink = await opened.enter_async_context(Sink())
        processes = opened.enter_context(ExitStack())
        servers, tokens = [], []
        for name in ("one", "two", "three"):
            place = tmp_path / name
            place.mkdir()
            options = {"smtp_port": sink.port, "federation_private": "true"}
            server = processes.enter_context(served(place, host=f"lists.{name}.example", **options))  # type: ignore[arg-type]
            await with_list(server, place, f"garden@lists.{name}.example")
            await command(server, "person", "create", ALICE)
            servers.append(server)
        for one in servers:
            for other in servers:
                if one is not other:
                    await acquainted(one, other)
            tokens.append(await signed_in(one, Inbox(sink)))
            input = {"outgoing": "ALL_TRUSTED", "incoming": "ALL_TRUSTED"}
            done = await asked(one, tokens[-1], CONSENT, input=input)
            assert done["federationConsentUpdate"]["userErrors"] == []
        yield Ring(servers, tokens)


@pytest.mark.timeout(300)
async def test_three_servers_that_ask_each_other_at_once_answer_from_what_they_have_themselves(
    tmp_path: Path,
) -> None:
    """Nothing is asked on, so a ring is no loop and nothing is multiplied (threat T6)."""
    async with ring(tmp_path) as made:
        before = made.questions()
        found = await asyncio.gather(*(made.view(number) for number in range(3)))
        assert [after - once for after, once in zip(made.questions(), before, strict=True)] == [2, 2, 2]
    for view, own in zip(found, ("one", "two", "three"), strict=True):
        assert view["isComplete"] is True
        told = [each["listAddress"] for peer in view["peers"] for each in peer["memberships"]]
        others = {"one", "two", "three"} - {own}
        assert sorted(told) == sorted(f"garden@lists.{each}.example" for each in others)


# ---- one that turns


@pytest.fixture
def site(clock: Clock) -> Site:
    return Site(public_url=HERE, secret=b"s" * 32, clock=clock, federates_privately=True)


@pytest.fixture
def peer(clock: Clock) -> Iterator[AnsweringPeer]:
    with answering_peer(clock) as running:
        running.on[ADA] = [running.item()]
        document = lambda _: Says(running.other.document(clock()).encode())  # noqa: E731
        running.web.answers[discovery.PATH] = document
        yield running


@pytest.fixture
async def ada(database: Database) -> Actor:
    world = World(database, await make_robot(database, "example.test"))
    await world.person(ADA, password="correct horse battery")
    actor = await world.who((await world.by_password(ADA)).raw_token)
    assert actor is not None
    async with database.write() as uow:
        await consents.update(uow, actor, outgoing=ConsentMode.ALL_TRUSTED)
    return actor


async def seen(db: Database, ada: Actor) -> list[PeerMemberships]:
    """What she is shown, not from memory."""
    assert ada.person is not None
    remembered_of(db.site).forget_person(ada.person.id)
    return [each async for each in ask_all(db, ada, seconds=3)]


async def asks_us(db: Database, peer: AnsweringPeer) -> tuple[int, str]:
    """What the other server is told when it asks: the status, and the reason where it is refused."""
    body, url = question.body_of(question.WHICH, {"subjects": []}), f"{HERE}{discovery.QUESTIONS}"
    sent = sign_request(peer.other.keys, url=url, body=body, destination=HERE, now=db.site.clock())
    transport = httpx.ASGITransport(Starlette(routes=federation_routes(db)))
    async with httpx.AsyncClient(transport=transport) as client:
        answer = await client.post(url, content=body, headers=dict(sent.headers))
    await settled()
    return answer.status_code, answer.json().get("reason", "")


async def stored(db: Database, peer: AnsweringPeer) -> Peer:
    async with db.read() as reader:
        found = await rows.by_issuer(reader, peer.other.issuer)
    assert found is not None
    return found


async def test_whoever_takes_a_server_over_is_neither_believed_nor_answered_until_an_administrator_looks(
    database: Database, clock: Clock, ada: Actor, peer: AnsweringPeer
) -> None:
    """A key that was never announced, from the first question to the new comparison (threat T4)."""
    await befriended(database, peer)
    assert [each.status for each in await seen(database, ada)] == [PeerStatus.OK]
    clock.advance(hours=1)
    peer.other.signing[:] = [new_pair()]
    (doubtful,) = await seen(database, ada)
    assert (doubtful.status, doubtful.memberships) == (PeerStatus.INVALID_RESPONSE, ())
    # Its own question makes us look at its document, which nobody vouched for.
    assert await asks_us(database, peer) == (401, "UNKNOWN_KEY")
    assert (await stored(database, peer)).trust is PeerTrust.PENDING
    had = len(peer.questions)
    assert await seen(database, ada) == []
    assert len(peer.questions) == had
    assert (await asks_us(database, peer))[0] in (401, 403)
    async with database.write() as uow:
        known = await stored(database, peer)
        await peers.set_trust(uow, founder(), known.id, PeerTrust.MUTUAL, peer.other.thumbprints)
    clock.advance(hours=1)
    assert [each.status for each in await seen(database, ada)] == [PeerStatus.OK]


async def test_a_trusted_peer_cannot_put_another_servers_lists_or_links_before_somebody(
    database: Database, clock: Clock, ada: Actor, peer: AnsweringPeer
) -> None:
    """One item that is not its own, and nothing of the answer is shown; it is left alone at once (threat T5)."""
    await befriended(database, peer)
    peer.on[ADA] = [peer.item(), peer.item(listAddress="board@example.test")]
    (lied,) = await seen(database, ada)
    assert (lied.status, lied.memberships) == (PeerStatus.INVALID_RESPONSE, ())
    assert [each.status for each in await seen(database, ada)] == [PeerStatus.CIRCUIT_OPEN]
    assert len(peer.questions) == 1


async def test_no_peer_has_lists_under_our_own_domains_whatever_it_claims(
    database: Database, ada: Actor, peer: AnsweringPeer
) -> None:
    """A document may name any domain as its own (threat T5)."""
    stored = await befriended(database, peer)
    said = discovery.said_by(stored.said)
    async with database.write() as uow:
        (ours,) = [each.domain for each in await robots.every(uow)]
        claimed = discovery.kept(replace(said, domains=(*said.domains, ours)))
        await rows.refreshed(uow, stored.id, stored.endpoint, claimed, stored.keys)
    peer.on[ADA] = [peer.item(listAddress=f"board@{ours}")]
    (lied,) = await seen(database, ada)
    assert (lied.status, lied.memberships) == (PeerStatus.INVALID_RESPONSE, ())


# ---- versions


async def test_a_peer_whose_schema_has_more_is_understood_and_shown_as_it_answers(
    database: Database, ada: Actor, peer: AnsweringPeer
) -> None:
    """Version 1.1: members of the document, of the result, of answers and items that we never heard of."""
    await befriended(database, peer)
    peer.on[ADA] = [peer.item(reception="hologram", archiveUrl=f"{peer.url}/archive", tags=["new"])]

    def more(told: Any) -> Any:
        result = told["data"]["peerWhich"]
        for each in result["answers"]:
            each["freshness"] = {"seconds": 3}
        result["cursor"] = "x"
        return told | {"extensions": {"version": "1.1"}}

    peer.lies = more
    (found,) = await seen(database, ada)
    assert found.status is PeerStatus.OK
    (one,) = found.memberships
    assert one.list_address == "gardens@lists.other.example"
