"""Other servers over the wire: fetched within bounds, trusted by hand, doubted when their key is another, refused when they lead inside."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from federation import fetching, peer_keys, peers
from federation.errors import (
    BadPeerName,
    InvalidAnswer,
    NoAdministrator,
    PeerAway,
    PeerKnown,
    PeerNotFound,
    PeerSlow,
    ThumbprintsDiffer,
)
from federation.fetching import Bounds, fetch
from federation.signatures import sign_request
from identity.actor import founder
from mail.instant import SECOND
from server.federation_door import federation_routes, settled
from storage import peers as rows
from storage.database import Database
from storage.site import Site
from storage.tables.federation import Peer
from storage.tables.words import PeerTrust
from tests.conftest import Clock
from tests.databases import free_port
from tests.federation.other_server import OtherServer, new_pair
from tests.identity.world import World, make_robot
from tests.wire.certificates import make_certificates
from tests.wire.hostile_web import HostileWeb, Says, hostile_web
from tests.wire.postroom import Running, served

PATH = "/.well-known/list-federation"
QUICK = Bounds(seconds=1, connect_seconds=0.5, octets=64 * 1024, allows_private=True)


@pytest.fixture
def site(clock: Clock) -> Site:
    return Site(public_url="http://127.0.0.1:9", secret=b"s" * 32, clock=clock, federates_privately=True)


@pytest.fixture
def web() -> Iterator[HostileWeb]:
    with hostile_web() as running:
        yield running


@pytest.fixture
def other(web: HostileWeb, clock: Clock) -> OtherServer:
    """Another server, which shows its document."""
    made = OtherServer(web.url)
    web.answers[PATH] = lambda _: Says(made.document(clock()).encode(), media_type="application/jose")
    return made


async def registered(database: Database, other: OtherServer) -> Peer:
    return await peers.register(database, founder(), other.issuer.removeprefix("http://"))


async def trusted(database: Database, other: OtherServer) -> Peer:
    peer = await registered(database, other)
    async with database.write() as uow:
        return await peers.set_trust(uow, founder(), peer.id, PeerTrust.MUTUAL, other.thumbprints)


async def now(database: Database, peer: Peer) -> Peer:
    async with database.read() as reader:
        found = await rows.find(reader, peer.id)
    assert found is not None
    return found


# ---- trust is by hand


async def test_a_server_is_known_first_and_trusted_when_its_thumbprints_were_compared(
    database: Database, other: OtherServer
) -> None:
    peer = await registered(database, other)
    assert peer.trust is PeerTrust.PENDING
    for wrong in ([], ["x"], [*other.thumbprints, "x"]):
        with pytest.raises(ThumbprintsDiffer):
            async with database.write() as uow:
                await peers.set_trust(uow, founder(), peer.id, PeerTrust.MUTUAL, wrong)
    async with database.write() as uow:
        await peers.set_trust(uow, founder(), peer.id, PeerTrust.MUTUAL, other.thumbprints)
        # Once compared, its rights can be changed without comparing again.
        changed = await peers.set_trust(uow, founder(), peer.id, PeerTrust.ASK_ONLY)
    assert changed.trust is PeerTrust.ASK_ONLY
    with pytest.raises(PeerKnown):
        await registered(database, other)


async def test_a_listmaster_of_one_robot_alone_decides_on_no_peer(
    database: Database, other: OtherServer
) -> None:
    world = World(database, await make_robot(database, "one.test"))
    await world.person("lm@one.test", password="correct horse battery")
    done = await world.by_password("lm@one.test")
    actor = await world.who(done.raw_token)
    assert actor is not None
    with pytest.raises(NoAdministrator):
        await peers.register(database, actor, "lists.example.com")


# ---- keys that change


async def test_a_key_that_was_announced_is_used_a_week_later(
    database: Database, other: OtherServer, clock: Clock
) -> None:
    peer = await trusted(database, other)
    following = new_pair(not_before=clock() + 7 * 86_400_000_000)
    other.signing.append(following)
    await peers.refresh(database, peer)
    assert peer_keys.usable(await now(database, peer), following.kid, "Ed25519", clock()) is None
    clock.advance(days=7)
    assert (await now(database, peer)).trust is PeerTrust.MUTUAL
    assert peer_keys.usable(await now(database, peer), following.kid, "Ed25519", clock()) is not None
    # Signed by the new one from now on, which was announced by the old one.
    await peers.refresh(database, peer)
    assert (await now(database, peer)).alert == ""


async def test_a_key_that_nobody_announced_ends_the_trust(database: Database, other: OtherServer) -> None:
    """Somebody has taken the name over, or its operator lost the keys: an administrator has to look."""
    peer = await trusted(database, other)
    other.signing[:] = [new_pair()]
    await peers.refresh(database, peer)
    doubted = await now(database, peer)
    assert doubted.trust is PeerTrust.PENDING
    assert "nobody here has compared" in doubted.alert
    with pytest.raises(ThumbprintsDiffer):
        async with database.write() as uow:
            await peers.set_trust(uow, founder(), peer.id, PeerTrust.MUTUAL)
    async with database.write() as uow:
        again = await peers.set_trust(uow, founder(), peer.id, PeerTrust.MUTUAL, other.thumbprints)
    assert again.alert == ""


async def test_a_thief_of_the_name_cannot_slip_a_key_in_beside_the_known_one(
    database: Database, other: OtherServer, clock: Clock
) -> None:
    """The document names the good key too, yet another one signed it."""
    peer = await trusted(database, other)
    thief = new_pair(not_before=1)
    other.signing.append(thief)
    await peers.refresh(database, peer)
    assert (await now(database, peer)).trust is PeerTrust.PENDING


async def test_only_a_document_that_a_compared_key_signed_is_trusted(
    database: Database, other: OtherServer, clock: Clock
) -> None:
    """Whoever stands between while a server is made known cannot add a key that nobody sees by the time of comparing (threat T4)."""
    thief = replace(new_pair(not_before=1), not_after=clock() + 60 * SECOND)
    other.signing.append(thief)
    peer = await registered(database, other)
    other.signing.remove(thief)
    clock.advance(seconds=120)
    with pytest.raises(ThumbprintsDiffer):
        async with database.write() as uow:
            await peers.set_trust(uow, founder(), peer.id, PeerTrust.MUTUAL, other.thumbprints)
    # Its own document, fetched anew, can be.
    await peers.refresh(database, peer)
    async with database.write() as uow:
        await peers.set_trust(uow, founder(), peer.id, PeerTrust.MUTUAL, other.thumbprints)


async def test_what_a_thief_showed_is_not_trusted_by_comparing_the_good_key_alone(
    database: Database, other: OtherServer, clock: Clock
) -> None:
    """Nor after an alert (threat T4)."""
    peer = await trusted(database, other)
    thief = replace(new_pair(not_before=1), not_after=clock() + 60 * SECOND)
    other.signing.append(thief)
    assert (await peers.refresh(database, peer)).trust is PeerTrust.PENDING
    clock.advance(seconds=120)
    with pytest.raises(ThumbprintsDiffer):
        async with database.write() as uow:
            await peers.set_trust(uow, founder(), peer.id, PeerTrust.MUTUAL, other.thumbprints[:1])


async def test_an_older_document_does_not_replace_a_newer_one(
    database: Database, other: OtherServer, web: HostileWeb, clock: Clock
) -> None:
    """A key that was taken out does not come back with a document of last week (threat T4)."""
    lost = new_pair(not_before=1)
    other.signing.insert(0, lost)
    old = other.document(clock()).encode()
    peer = await trusted(database, other)
    clock.advance(hours=12)
    del other.signing[0]
    await peers.refresh(database, peer)
    before = await now(database, peer)
    web.says(PATH, Says(old, media_type="application/jose"))
    with pytest.raises(InvalidAnswer, match="older"):
        await peers.refresh(database, peer)
    after = await now(database, peer)
    assert (after.keys, after.said, after.trust) == (before.keys, before.said, PeerTrust.MUTUAL)


async def test_many_questions_by_unknown_keys_have_the_document_fetched_once(
    database: Database, other: OtherServer, web: HostileWeb, clock: Clock
) -> None:
    """Whoever sends them, signed by nobody, has this server flood no other (threat T6)."""
    await trusted(database, other)
    clock.advance(hours=2)
    asked = web.count(PATH)
    app = Starlette(routes=federation_routes(database))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:9") as client:
        stranger = OtherServer(other.issuer)

        async def send() -> str:
            url = "http://127.0.0.1:9/federation/graphql"
            sent = sign_request(
                stranger.keys, url=url, body=b"{}", destination="http://127.0.0.1:9", now=clock()
            )
            answer = await client.post("/federation/graphql", content=b"{}", headers=dict(sent.headers))
            return str(answer.json()["reason"])

        assert {*await asyncio.gather(*(send() for _ in range(20)))} == {"UNKNOWN_KEY"}
        await settled()
    assert web.count(PATH) == asked + 1


async def test_a_document_is_looked_at_every_day(
    database: Database, other: OtherServer, web: HostileWeb, clock: Clock
) -> None:
    await trusted(database, other)
    asked = web.count(PATH)
    assert await peers.refresh_stale(database) == 0
    clock.advance(days=1, seconds=1)
    assert await peers.refresh_stale(database) == 1
    assert await peers.refresh_stale(database) == 0
    assert web.count(PATH) == asked + 1


async def test_an_unknown_key_has_the_document_fetched_once_an_hour(
    database: Database, other: OtherServer, web: HostileWeb, clock: Clock
) -> None:
    peer = await trusted(database, other)
    asked = web.count(PATH)
    for _ in range(3):
        assert not await peers.may_look_again(database, await now(database, peer))
    clock.advance(hours=1)
    for _ in range(3):
        if await peers.may_look_again(database, await now(database, peer)):
            await peers.look_again(database, peer)
    assert web.count(PATH) == asked + 1


async def test_a_server_that_is_away_stays_as_it_was(
    database: Database, other: OtherServer, web: HostileWeb
) -> None:
    peer = await trusted(database, other)
    web.says(PATH, Says(b"", status=503))
    with pytest.raises(InvalidAnswer):
        await peers.refresh(database, peer)
    assert (await now(database, peer)).trust is PeerTrust.MUTUAL


# ---- what is fetched, and what is not


@pytest.mark.parametrize(
    "says",
    [
        Says(b"x" * 70_000),
        Says(b"x" * 1000, endless=True),
        Says(b"x" * 100, drips=0.1),
        Says(b"x", waits=5),
        Says(b"garbage"),
        Says(b"", status=404),
        Says(b"", status=302, headers={"Location": "http://127.0.0.1:1/"}),
        Says(b"x", headers={"Content-Encoding": "gzip"}),
    ],
)
async def test_a_hostile_server_is_refused_in_bounded_time(
    database: Database, web: HostileWeb, says: Says
) -> None:
    """Too much, too slow, elsewhere (threats T7 and T10)."""
    web.says(PATH, says)
    began = time.monotonic()
    with pytest.raises(PeerNotFound):
        await peers.register(database, founder(), web.url.removeprefix("http://"))
    assert time.monotonic() - began < 10
    async with database.read() as reader:
        assert await rows.every(reader) == []


async def test_a_redirect_is_not_followed(web: HostileWeb) -> None:
    """A document leads nowhere (threat T10)."""
    web.says("/there", Says(b"inside"))
    web.says(PATH, Says(b"", status=302, headers={"Location": f"{web.url}/there"}))
    answer = await fetch(f"{web.url}{PATH}", QUICK)
    assert answer.status == 302
    assert web.count("/there") == 0


async def test_a_private_network_is_not_asked(web: HostileWeb) -> None:
    """Also where a public name leads there: the address is looked at, not the name (threat T10)."""
    for url in (web.url, web.url.replace("http:", "https:"), "https://localhost/", "https://[::1]/"):
        with pytest.raises(PeerAway):
            await fetch(f"{url.rstrip('/')}{PATH}", Bounds(seconds=1))
    assert web.asked == []


async def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that is vouched for is, under its own name alone."""
    made = make_certificates(tmp_path)
    with hostile_web(made.server) as web:
        web.says("/", Says(b"hello"))
        with pytest.raises(PeerAway, match="its certificate is not good"):
            await fetch(f"{web.url}/", QUICK)
        assert web.asked == []
        monkeypatch.setattr(fetching, "_tls", lambda: made.client)
        assert (await fetch(f"{web.url}/", QUICK)).body == b"hello"
        # The same address under a name that the certificate does not have.
        with pytest.raises(PeerAway, match="its certificate is not good"):
            await fetch(f"{web.url.replace('127.0.0.1', '127.1')}/", QUICK)


async def test_nobody_there_and_nobody_answering_are_told_apart(web: HostileWeb) -> None:
    with pytest.raises(PeerAway) as away:
        await fetch(f"http://127.0.0.1:{free_port()}/", QUICK)
    assert not isinstance(away.value, PeerSlow)
    assert str(away.value) == "it cannot be reached: nothing listens there"
    with pytest.raises(PeerAway, match="its name has no address"):
        await fetch("http://nobody.invalid/", QUICK)
    web.says("/", Says(waits=3))
    with pytest.raises(PeerSlow):
        await fetch(f"{web.url}/", QUICK)


@pytest.mark.parametrize(
    "name",
    ["", "a b", "x@y.example", "lists.example.org/path", "a" * 300, "http://x.example", "-x.example", "x..y"],
)
async def test_what_is_no_name_of_a_server_is_refused(database: Database, name: str) -> None:
    with pytest.raises(BadPeerName):
        await peers.register(database, founder(), name)


# ---- the program itself


def told(server: Running, *words: str) -> Any:
    return json.loads(server.command(*words, "--json"))


def test_two_servers_come_to_know_each_other_at_the_command_line(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    with (
        served(here, smtp_port=9, federation_private="true") as one,
        served(there, smtp_port=9, federation_private="true") as two,
    ):
        name = two.url.removeprefix("http://")
        assert "postroom peer add" in one.command("peer", "list")
        shown = told(two, "peer", "keys")
        added = told(one, "peer", "add", name)
        assert added["trust"] == "pending"
        assert added["thumbprints"] == [each["thumbprint"] for each in shown["keys"]]
        one.command("peer", "trust", name, "mutual", "--thumbprint", added["thumbprints"][0])
        assert [each["trust"] for each in told(one, "peer", "list")["peers"]] == ["mutual"]
        assert told(one, "peer", "test", name)["findings"][0]["well"]
        document = httpx.get(f"{two.url}{PATH}")
        assert document.headers["content-type"] == "application/jose"
        assert document.text.count(".") == 2
        changes = [told(two, "peer", "keys", "--rotate") for _ in range(2)]
        assert [(each["changed"], len(each["keys"])) for each in changes] == [(True, 2), (False, 2)]
        assert "under way until" in two.command("peer", "keys", "--rotate")
        one.command("peer", "remove", name)
        assert told(one, "peer", "list")["peers"] == []
