"""How many statements a page costs: as many for a hundred rows as for one."""

from collections.abc import AsyncIterator

import pytest

from identity.actor import operator
from identity.people import create_person
from lists.bounces.scores import Failure, failed
from lists.topics import set_topic
from storage import lists, memberships
from storage.database import Database
from storage.tables.words import BounceKind
from tests.federation.other_server import OtherServer, known
from tests.identity.world import Watched
from tests.resolvers.lists_world import Scene, watched_scene

ROWS = 105
SIZES = (1, 10, 100)
PEOPLE = """query ($n: Int!) { mailingList(address: "talk@lists.example.test") { subscribers(first: $n) { edges { node {
  id email displayName reception suspension { from } origin subscribedAt user { mainEmail }
  mailingList { name address robot { domain } } } } } } }"""
LISTS = """query ($n: Int!) { mailingLists(first: $n) { edges { node { name address robot { domain }
  settings { scenarios { action scenario { name origin rules { line } } } } viewerMemberships { email }
  viewerPermissions { canSubscribe canUnsubscribe canPost canReview canReadArchive canModerate canEditSettings } } } } }"""
MINE = """query ($n: Int!) { viewer { user { memberships(first: $n) { edges { node {
  reception mailingList { name address } email } } } } } }"""
OFFICES = "query ($n: Int!) { viewer { user { roles(first: $n) { edges { node { kind mailingList { address } } } } } } }"
PEERS = "query ($n: Int!) { peers(first: $n) { edges { node { domain trust status alert keys { kid } } } } }"
NOT_ASKED = "{ federatedMemberships { isComplete peers { status peer { domain alert } memberships { listAddress } } } }"
PERSONAL = """{ viewer { user {
  emailAddresses { email source strength expiresAt isBouncing membershipCount equivalents evidence { source } }
  memberships(first: 100) { totalCount edges { node { email reception absence { until } mailingList { name } } } }
  roles(first: 100) { totalCount edges { node { kind email mailingList { name } } } }
  requests { kind email mailingList { name } }
  toDecide(first: 100) { totalCount edges { node { kind author mailingList { name } } } } } } }"""
ARCHIVE = """query ($n: Int!) { mailingList(address: "talk@lists.example.test") { archive { messages(first: $n) { edges {
  node { permalink inReplyTo { id } message { subject text date author { email } headers { name } } } } } } } }"""
SENT = """query ($n: Int!) { mailingList(address: "talk@lists.example.test") { deliveries(first: $n) { edges { node {
  status progress { total pending } estimatedFinishAt mailingList { name } } } } } }"""
BOUNCES = """query ($n: Int!) { mailingList(address: "talk@lists.example.test") { bounces(first: $n) { totalCount edges { node {
  score kind count diagnostic latest { at } membership { email bounce { id } mailingList { name } } } } } } }"""
QUEUE = """query ($n: Int!) { mailingList(address: "queue@lists.example.test") { moderation(first: $n) { edges { node {
  subject message { text } mailingList { name } decision { reference decision { reason } } } } } } }"""


@pytest.fixture
async def watched(database: Database) -> AsyncIterator[tuple[Scene, Watched]]:
    """The scene over a database that writes down what it is asked."""
    async with watched_scene(database) as found:
        yield found


def asked(watched: Watched) -> int:
    """How many statements there were; the robot of a host and its sign-in are looked up once a second, whoever asks."""
    by_host = ("FROM robots", "FROM auth_configs")
    return len([each for each in watched.told() if not any(table in each for table in by_host)])


async def counts(scene: Scene, watched: Watched, role: str, query: str, path: str) -> list[int]:
    """The statements of the query for each size of page; every page is full."""
    await scene.data(role, query, n=1)
    found = []
    for size in SIZES:
        watched.told()
        data = await scene.data(role, query, n=size)
        found.append(asked(watched))
        for step in path.split("."):
            data = data[step]
        assert len(data["edges"]) == size
    return found


async def test_a_page_of_subscribers(watched: tuple[Scene, Watched]) -> None:
    scene, database = watched
    await scene.put("talk", *(f"m{n:03}@example.edu" for n in range(ROWS)))
    for n in range(0, ROWS, 5):
        async with scene.db.write() as uow:
            await create_person(uow, f"m{n:03}@example.edu", proved=True)
    for role, most in (("owner", 12), ("listmaster", 14)):
        found = await counts(scene, database, role, PEOPLE, "mailingList.subscribers")
        assert len(set(found)) == 1
        assert found[0] <= most


async def test_a_page_of_lists_with_the_askers_prospects(watched: tuple[Scene, Watched]) -> None:
    scene, database = watched
    for n in range(ROWS):
        await scene.make(f"list{n:03}")
    for role, most in (("owner", 30), ("stranger", 25)):
        found = await counts(scene, database, role, LISTS, "mailingLists")
        assert len(set(found)) == 1
        assert found[0] <= most


async def test_a_page_of_ones_own_memberships_and_offices(watched: tuple[Scene, Watched]) -> None:
    scene, database = watched
    for n in range(ROWS):
        await scene.make(f"list{n:03}")
        await scene.put(f"list{n:03}", "carol@example.edu")
    # Who is asking, and one statement for the page with its lists.
    assert len(set(await counts(scene, database, "owner", MINE, "viewer.user.memberships"))) == 1
    assert len(set(await counts(scene, database, "owner", OFFICES, "viewer.user.roles"))) == 1
    database.told()
    await scene.data("owner", "{ viewer { user { id } } }")
    nothing = asked(database)
    await scene.data("owner", MINE, n=100)
    assert asked(database) == nothing + 1


async def test_a_page_of_peers_and_asking_none_of_many(watched: tuple[Scene, Watched]) -> None:
    scene, database = watched
    for n in range(ROWS):
        await known(scene.db, OtherServer(f"https://peer{n:03}.example"))
    found = await counts(scene, database, "subscriber", PEERS, "peers")
    assert len(set(found)) == 1
    assert found[0] <= 5
    database.told()
    answer = (await scene.data("subscriber", NOT_ASKED))["federatedMemberships"]
    assert {each["status"] for each in answer["peers"]} == {"NO_CONSENT"}
    assert len(answer["peers"]) == 100
    assert asked(database) <= 14


async def test_all_that_somebody_holds_and_all_that_waits_for_them(watched: tuple[Scene, Watched]) -> None:
    scene, database = watched
    asked_of = []
    for n in range(25):
        name = f"mine{n:03}"
        await scene.make(name, send="editorkey", subscribe="owner")
        await scene.put(name, "carol@example.edu")
        await scene.mail(name, "carol@example.edu", f"Number {n}")
        join = {"mailingListId": await scene.id_of(name)}
        await scene.do("subscriber", "mailingListSubscribe", join, "membership { id }")
        if n in (1, 24):
            await scene.data("owner", PERSONAL)
            database.told()
            found = (await scene.data("owner", PERSONAL))["viewer"]["user"]
            asked_of.append(asked(database))
            assert len(found["toDecide"]["edges"]) == len(found["requests"]) == n + 1
            assert len(found["memberships"]["edges"]) == n + 1
    assert len(set(asked_of)) == 1
    assert asked_of[0] <= 24


async def test_pages_of_messages_and_deliveries(watched: tuple[Scene, Watched]) -> None:
    scene, database = watched
    await scene.make("queue", send="editorkey")
    for n in range(ROWS):
        await scene.mail("talk", "alice@example.edu", f"Number {n}", f"Words {n}.")
        await scene.mail("queue", "alice@example.edu", f"Number {n}", f"Words {n}.")
    pages = (
        ("subscriber", ARCHIVE, "mailingList.archive.messages"),
        ("owner", SENT, "mailingList.deliveries"),
        ("moderator", QUEUE, "mailingList.moderation"),
    )
    for role, query, path in pages:
        found = await counts(scene, database, role, query, path)
        assert len(set(found)) == 1
        assert found[0] <= 12


async def test_a_page_of_lists_with_their_topics(watched: tuple[Scene, Watched]) -> None:
    scene, database = watched
    async with scene.db.write() as uow:
        await set_topic(uow, operator(scene.world.robot), scene.world.robot, "arts", "Arts", "identified")
        await set_topic(uow, operator(scene.world.robot), scene.world.robot, "arts/music", "Music")
    for n in range(ROWS):
        await scene.make(f"list{n:03}", topics="arts/music")
    query = 'query ($n: Int!) { mailingLists(first: $n, filter: { topic: "arts" }) { edges { node { topics { title } } } } }'
    found = await counts(scene, database, "owner", query, "mailingLists")
    assert len(set(found)) == 1
    assert found[0] <= 12


async def test_a_page_of_bounces(watched: tuple[Scene, Watched]) -> None:
    scene, database = watched
    people = [f"m{n:03}@d{n}.example" for n in range(ROWS)]
    await scene.put("talk", *people)
    async with scene.db.write() as uow:
        mlist = await lists.find(uow, "talk", "lists.example.test")
        assert mlist is not None
        for key in people:
            member = await memberships.find(uow, mlist.id, key)
            assert member is not None
            await failed(uow, mlist, member, Failure(BounceKind.POLICY, "5.7.1", "no"))
    found = await counts(scene, database, "owner", BOUNCES, "mailingList.bounces")
    assert len(set(found)) == 1
    assert found[0] <= 12
