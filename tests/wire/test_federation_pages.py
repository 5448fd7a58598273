"""Other servers in the API, over the socket, and on the pages of one's account, with a peer that answers beside."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from federation import tokens, told
from federation.outgoing import tokens_of
from federation.remembered import remembered_of
from server.app import web_application
from server.graphql.routes import graphql_routes
from storage.database import Database
from storage.site import Site
from storage.tables.federation import Peer
from tests.conftest import Clock
from tests.journeys.visiting import Visiting
from tests.server.pages_world import BASE, PASSWORD, World, cookie, world_of
from tests.server.sockets import connected
from tests.wire.answering_peer import AnsweringPeer, answering_peer, befriended, waiting
from tests.wire.hostile_web import Says

A = "alice@example.edu"
CONSENT = """mutation ($input: FederationConsentUpdateInput!) { federationConsentUpdate(input: $input) {
  userErrors { code message } user { federationPolicy { outgoing incoming robotCeiling updatedAt peers { domain } } } } }"""
EVERYTHING = """query ($emails: [EmailAddress!], $peers: [ID!], $timeout: Duration) {
  federatedMemberships(emails: $emails, peers: $peers, timeout: $timeout) {
    isComplete local { totalCount edges { node { email } } }
    peers { status message isTruncated fetchedAt latencyMs peer { id domain status failureCount alert }
      memberships { listAddress subject email reception manageUrl } } } }"""
LIVE = "subscription { federatedMemberships { status peer { domain } memberships { listAddress } } }"
PEERS = (
    "{ peers { totalCount edges { node { id domain trust status alert capabilities keys { kid jwk } } } } }"
)


@pytest.fixture
def site(clock: Clock) -> Site:
    return Site(public_url=BASE, secret=b"s" * 32, clock=clock, federates_privately=True)


@pytest.fixture
async def world(database: Database, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[World]:
    async with world_of(database, f"sqlite+aiosqlite:///{sqlite_template}", tmp_path) as made:
        yield made


@pytest.fixture
def peer(clock: Clock) -> Iterator[AnsweringPeer]:
    with answering_peer(clock) as running:
        running.on[A] = [running.item()]
        yield running


@pytest.fixture
async def stored(world: World, peer: AnsweringPeer) -> Peer:
    return await befriended(world.db, peer)


async def ask(world: World, query: str, token: str | None = None, **variables: Any) -> Any:
    headers = {"X-CSRF-Token": "1"} | (cookie(token) if token else {})
    sent = {"query": query, "variables": variables}
    answer = await world.browser.post("/graphql", json=sent, headers=headers)
    return answer.json()


async def agreed(world: World, token: str, outgoing: str = "ALL_TRUSTED", **more: Any) -> Any:
    answer = await ask(world, CONSENT, token, input={"outgoing": outgoing, "incoming": "NOBODY"} | more)
    return answer["data"]["federationConsentUpdate"]


async def test_both_servers_lists_are_in_one_answer(world: World, peer: AnsweringPeer, stored: Peer) -> None:
    token = await world.session(world.alice)
    before = await ask(world, EVERYTHING, token)
    assert before["data"]["federatedMemberships"]["peers"][0]["status"] == "NO_CONSENT"
    done = await agreed(world, token)
    assert done["userErrors"] == []
    assert done["user"]["federationPolicy"]["outgoing"] == "ALL_TRUSTED"
    found = (await ask(world, EVERYTHING, token))["data"]["federatedMemberships"]
    assert found["isComplete"] is True
    (one,) = found["peers"]
    assert one["memberships"] == [
        {
            "listAddress": "gardens@lists.other.example",
            "subject": "About gardens",
            "email": A,
            "reception": "MAIL",
            "manageUrl": f"{peer.url}/lists/gardens",
        }
    ]
    assert (await ask(world, EVERYTHING, token))["data"]["federatedMemberships"]["peers"][0][
        "status"
    ] == "CACHED"


async def test_a_peer_that_is_away_takes_nothing_else_away(
    world: World, peer: AnsweringPeer, stored: Peer
) -> None:
    token = await world.session(world.alice)
    await agreed(world, token)
    peer.speaks = lambda _: Says(b"garbage")
    answer = await ask(world, EVERYTHING, token, timeout="PT1S")
    assert "errors" not in answer
    found = answer["data"]["federatedMemberships"]
    assert found["isComplete"] is False
    assert found["local"]["totalCount"] is not None
    assert found["peers"][0]["status"] == "INVALID_RESPONSE"
    assert "errors" not in await ask(world, EVERYTHING, token)


async def test_strangers_see_and_ask_nothing(world: World, peer: AnsweringPeer, stored: Peer) -> None:
    answer = await ask(world, EVERYTHING)
    assert answer["data"]["federatedMemberships"] is None
    assert answer["errors"][0]["extensions"]["code"] == "REAUTHENTICATION_REQUIRED"
    assert (await ask(world, PEERS))["data"]["peers"]["totalCount"] == 0
    token = await world.session(world.alice)
    shown = (await ask(world, PEERS, token))["data"]["peers"]["edges"]
    assert [each["node"]["trust"] for each in shown] == ["MUTUAL"]
    fetched = await ask(world, "query ($id: ID!) { node(id: $id) { id } }", id=shown[0]["node"]["id"])
    assert fetched["data"]["node"] is None


async def test_somebody_elses_addresses_are_not_asked_about(
    world: World, peer: AnsweringPeer, stored: Peer
) -> None:
    token = await world.session(world.alice)
    await agreed(world, token)
    answer = await ask(world, EVERYTHING, token, emails=["carol@example.edu"])
    assert answer["data"]["federatedMemberships"] is None
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert peer.questions == []


async def test_only_administrators_decide_on_peers(world: World, peer: AnsweringPeer, stored: Peer) -> None:
    token = await world.session(world.alice)
    shown = (await ask(world, PEERS, token))["data"]["peers"]["edges"]
    id = shown[0]["node"]["id"]
    for name, kind, input in (
        ("peerRegister", "PeerRegisterInput", {"domain": "x.example"}),
        ("peerSetTrust", "PeerSetTrustInput", {"peerId": id, "trust": "BLOCKED"}),
        ("peerRemove", "PeerRemoveInput", {"peerId": id}),
    ):
        document = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
        answer = await ask(world, document, token, input=input)
        assert answer["data"][name]["userErrors"][0]["code"] == "FORBIDDEN", name


async def test_the_server_says_who_it_is(world: World, stored: Peer) -> None:
    found = (await ask(world, "{ server { federation { issuer discoveryUrl keys { kid jwk } } } }"))["data"]
    identity = found["server"]["federation"]
    assert identity["discoveryUrl"] == f"{BASE}/.well-known/list-federation"
    assert [each["jwk"]["crv"] for each in identity["keys"]] == ["Ed25519"]
    assert "d" not in identity["keys"][0]["jwk"]


async def test_leaving_there_needs_that_servers_token(
    world: World, peer: AnsweringPeer, stored: Peer
) -> None:
    token = await world.session(world.alice)
    await agreed(world, token)
    shown = (await ask(world, PEERS, token))["data"]["peers"]["edges"]
    input = {"peerId": shown[0]["node"]["id"], "listAddress": "gardens@lists.other.example", "email": A}
    document = """mutation ($input: RemoteMembershipLeaveInput!) { remoteMembershipLeave(input: $input) {
      outcome { isDone } userErrors { code message } } }"""
    answer = (await ask(world, document, token, input=input))["data"]["remoteMembershipLeave"]
    assert answer["outcome"] is None
    assert "token" in answer["userErrors"][0]["message"]
    assert peer.questions == []


async def test_each_peer_is_an_event_as_it_answers_and_then_the_stream_ends(
    world: World, peer: AnsweringPeer, stored: Peer, clock: Clock
) -> None:
    token = await world.session(world.alice)
    await agreed(world, token)
    with answering_peer(clock) as slow:
        await befriended(world.db, slow)
        slow.speaks = waiting(1)
        app = Starlette(routes=[*graphql_routes(world.state)])
        async with connected(app) as socket:
            await socket.begin({"Authorization": f"Bearer {token}"})
            await socket.subscribe("1", LIVE)
            events = [await socket.receive() for _ in range(3)]
    told = [each["payload"]["data"]["federatedMemberships"] for each in events[:2]]
    assert [each["status"] for each in told] == ["OK", "OK"]
    assert [each["peer"]["domain"] for each in told] == [stored.domain, slow.url.removeprefix("http://")]
    assert events[2]["type"] == "complete"


# ---- the pages


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Visiting]:
    transport = httpx.ASGITransport(web_application(world.state), client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        visiting = Visiting(client)
        await visiting.open("/sign-in?return_to=/account/other-servers")
        await visiting.press("Sign in with Password", identifier=A, password=PASSWORD)
        yield visiting


async def test_somebody_agrees_sees_and_stops_without_a_script(
    world: World, peer: AnsweringPeer, stored: Peer, browser: Visiting
) -> None:
    await browser.open("/account")
    assert "See your lists on other servers" in browser.text
    await browser.open("/account/other-servers")
    assert "You have not agreed that it is asked." in browser.text
    await browser.press(
        "Keep this", outgoing="selected", incoming="all_trusted", **{f"peer-{stored.id}": "yes"}
    )
    assert "What you agreed to is kept" in browser.text
    assert "gardens@lists.other.example" in browser.text
    assert f'href="{peer.url}/lists/gardens"' in browser.text
    async with world.db.write() as uow:
        await told.record(uow, stored, A, world.alice.id, world.robot.id, 3)
    await browser.open("/account/other-servers")
    assert f"{stored.domain} was told of 3 lists of {A}" in browser.text
    await browser.press(f"Let {stored.domain} show that it is you", id=str(stored.id))
    assert f'href="{stored.issuer}{tokens.HANDOVER}#' in browser.text
    await browser.open("/account/other-servers")
    await browser.press(f"Tell {stored.domain} nothing more", id=str(stored.id))
    assert "is told nothing: you stopped it" in browser.text
    await browser.press("Keep this", outgoing="nobody", incoming="nobody")
    assert "gardens@" not in browser.text
    assert len(remembered_of(world.db.site)) == 0


async def test_what_a_peer_says_is_text_on_the_page(
    world: World, peer: AnsweringPeer, stored: Peer, browser: Visiting
) -> None:
    """Never markup, never a link elsewhere (threat T5)."""
    peer.on[A] = [peer.item(subject="<script>alert(1)</script>", manageUrl=f'{peer.url}/"><img>')]
    await browser.press("Keep this", outgoing="all_trusted", incoming="nobody")
    assert "<script>alert" not in browser.text
    assert "<img>" not in browser.text


async def test_a_link_of_another_server_is_taken_over_once_pasted(
    world: World, stored: Peer, browser: Visiting, peer: AnsweringPeer
) -> None:
    await browser.open(tokens.HANDOVER)
    for wrong in (
        "",
        "x",
        f"#from={peer.url}&email={A}&token=short",
        f"#from=https://x.example&email={A}&token={'t' * 43}",
    ):
        await browser.press("Keep it", link=wrong)
        assert browser.status == 422
    for address in ("carol@example.edu", "nobody"):
        await browser.press("Keep it", link=f"#from={peer.url}&email={address}&token={'t' * 43}")
        assert browser.status == 422
    await browser.press("Keep it", link=f"{BASE}{tokens.HANDOVER}#from={peer.url}&email={A}&token={'t' * 43}")
    assert "This server can show there now" in browser.text
    async with world.db.read() as reader:
        assert await tokens_of(reader, world.alice.id) == {(stored.id, A): "t" * 43}
    await browser.press("Keep this", outgoing="all_trusted", incoming="nobody")
    assert peer.subjects()[0]["consentToken"] == "t" * 43
