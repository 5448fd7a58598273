"""What other servers were told, through the API: the person alone sees it, stops it, and lets a server show who asks."""

from federation import told
from storage import federation_consents
from storage.tables.words import AddressVerdict
from tests.federation.other_server import OtherServer, known
from tests.resolvers.test_people import as_alice, bob_of
from tests.server.graphql_world import World

ALICE = "alice@example.edu"
MINE = """{ viewer { user { id federationPolicy { incoming stopped { id domain } peers { id }
  told { peer email lists at } } } } }"""
CONSENT = """mutation ($input: FederationConsentUpdateInput!) {
  federationConsentUpdate(input: $input) { userErrors { message } } }"""
STOP = """mutation ($input: FederationStopInput!) {
  federationStop(input: $input) { userErrors { code } user { federationPolicy { stopped { domain } } } } }"""
ISSUE = """mutation ($input: FederationTokenIssueInput!) {
  federationTokenIssue(input: $input) { link userErrors { code } } }"""
PEERS = "{ peers { edges { node { id } } } }"


async def test_the_person_alone_sees_what_was_told_and_stops_it(graphql: World) -> None:
    peer = await known(graphql.db, OtherServer())
    bob = await bob_of(graphql)
    async with graphql.db.write() as uow:
        await told.record(uow, peer, ALICE, None, graphql.robot.id, 3)
        await told.record(uow, peer, bob.main_address, bob.id, graphql.robot.id, 5)
    shown = (await as_alice(graphql, MINE))["data"]["viewer"]["user"]
    (line,) = shown["federationPolicy"]["told"]
    assert (line["peer"], line["email"], line["lists"]) == (peer.domain, ALICE, 3)
    (edge,) = (await as_alice(graphql, PEERS))["data"]["peers"]["edges"]
    given = {"input": {"peerId": edge["node"]["id"]}}
    answer = (await as_alice(graphql, STOP, given))["data"]["federationStop"]
    assert answer["user"]["federationPolicy"]["stopped"] == [{"domain": peer.domain}]
    async with graphql.db.read() as reader:
        consent = (await federation_consents.of_addresses(reader, peer.id, [ALICE]))[ALICE]
    assert consent.verdict is AddressVerdict.NEVER


async def test_who_agreed_lets_a_server_show_who_asks(graphql: World) -> None:
    await known(graphql.db, OtherServer())
    (edge,) = (await as_alice(graphql, PEERS))["data"]["peers"]["edges"]
    given = {"input": {"peerId": edge["node"]["id"], "email": ALICE, "clientMutationId": "one"}}
    refused = (await as_alice(graphql, ISSUE, given))["data"]["federationTokenIssue"]
    assert (refused["link"], refused["userErrors"][0]["code"]) == (None, "FORBIDDEN")
    await as_alice(graphql, CONSENT, {"input": {"outgoing": "NOBODY", "incoming": "ALL_TRUSTED"}})
    given["input"]["clientMutationId"] = "two"
    first = (await as_alice(graphql, ISSUE, given))["data"]["federationTokenIssue"]
    assert first["link"].startswith("https://other.example/federation/consent#")
    # Asked again by the same key, nothing secret is shown a second time.
    assert (await as_alice(graphql, ISSUE, given))["data"]["federationTokenIssue"]["link"] is None
