"""What another server is told of an address: nothing without somebody's leave, and then no more than that covers (listfed/1, 5 to 8)."""

from dataclasses import replace

import pytest

from federation import consents, discovery, named, peer_keys, question, told
from federation.statements import LEAVE
from identity.actor import operator
from lists import mailing_lists
from mail.instant import SECOND
from storage import federation_consents as rows
from storage import memberships, peers, robots
from storage.database import Database
from storage.tables.lists import MailingList
from storage.tables.words import (
    AddressVerdict,
    ConsentDirection,
    ConsentMode,
    PeerEvidence,
    PeerTrust,
)
from tests.conftest import Clock
from tests.federation.asking_world import Asker, asker, names_of, peer_now
from tests.federation.other_server import OtherServer, new_pair
from tests.lists.world import World

ADA = "ada@x.example"
SOMEBODY = "somebody@nowhere.example"


async def allow(database: Database, other: Asker, address: str = ADA) -> None:
    async with database.write() as uow:
        await rows.decide(uow, other.peer.id, address, AddressVerdict.ALLOWED)


async def set_robot(world: World, **values: object) -> None:
    async with world.database.write() as uow:
        world.home = await robots.change(uow, world.home, values)


async def set_list(world: World, mlist: MailingList, **values: object) -> None:
    async with world.database.write() as uow:
        await mailing_lists.update_settings(uow, operator(world.home), mlist, values)


async def decide(
    world: World, incoming: ConsentMode, chosen: list[int] | None = None, stopped: list[int] | None = None
) -> None:
    """What the person called Somebody says."""
    async with world.database.write() as uow:
        await rows.put_policy(uow, world.somebody.id, ConsentMode.NOBODY, incoming)
        both = [*ConsentDirection]
        await rows.choose(uow, world.somebody.id, chosen or [], both, is_allowed=True)
        await rows.choose(uow, world.somebody.id, stopped or [], both, is_allowed=False)


# ---- leave


async def test_who_allowed_it_is_told_of(world: World, other: Asker, news: MailingList) -> None:
    assert await other.lists(ADA) == []
    await allow(world.database, other)
    (answer,) = await other.ask(ADA)
    assert answer["subscriptions"] == [
        {
            "listAddress": news.address,
            "subject": "News",
            "reception": "mail",
            "manageUrl": "https://lists.example.test/sign-in",
        }
    ]
    assert answer["isTruncated"] is False


async def test_who_allows_it_no_more_is_told_of_no_more(
    world: World, other: Asker, news: MailingList
) -> None:
    await allow(world.database, other)
    assert await other.lists(ADA) == [news.address]
    async with world.database.write() as uow:
        await rows.decide(uow, other.peer.id, ADA, AddressVerdict.NEVER)
    assert await other.lists(ADA) == []


async def test_a_leave_is_for_one_server(world: World, other: Asker, news: MailingList) -> None:
    third = await asker(world.database, OtherServer("https://third.example"))
    await allow(world.database, other)
    assert await third.lists(ADA) == []
    assert await other.lists(ADA) == [news.address]


@pytest.mark.parametrize(
    ("incoming", "chosen", "stopped", "is_told"),
    [
        (None, False, False, False),
        (ConsentMode.NOBODY, True, False, False),
        (ConsentMode.SELECTED, False, False, False),
        (ConsentMode.SELECTED, True, False, True),
        (ConsentMode.ALL_TRUSTED, False, False, True),
        (ConsentMode.ALL_TRUSTED, False, True, False),
    ],
)
async def test_who_has_an_account_decides_there(
    world: World,
    other: Asker,
    news: MailingList,
    incoming: ConsentMode | None,
    chosen: bool,
    stopped: bool,
    is_told: bool,
) -> None:
    if incoming is not None:
        peer = [other.peer.id]
        await decide(world, incoming, peer if chosen else [], peer if stopped else [])
    assert await other.lists(SOMEBODY) == ([news.address] if is_told else [])


@pytest.mark.parametrize(
    ("setting", "evidence", "is_told"),
    [
        ("ask", PeerEvidence.ASSERTION, False),
        ("all_trusted", PeerEvidence.CONSENT, False),
        ("all_trusted", PeerEvidence.ASSERTION, True),
        ("never", PeerEvidence.ASSERTION, False),
    ],
)
async def test_without_an_account_the_domain_decides_and_the_peers_word_counts_where_it_is_accepted(
    world: World, other: Asker, news: MailingList, setting: str, evidence: PeerEvidence, is_told: bool
) -> None:
    """What a peer says it verified is its word, and nothing more (threat T2)."""
    await set_robot(world, federation_incoming=setting)
    await set_evidence(world.database, other, evidence)
    assert await other.lists(ADA) == ([news.address] if is_told else [])
    # Who has an account and never said anything is told of by nobody else's word.
    assert await other.lists(SOMEBODY) == []


async def set_evidence(
    database: Database, other: Asker, evidence: PeerEvidence, *, acts: bool = False
) -> None:
    async with database.write() as uow:
        await peers.set_terms(uow, other.peer.id, evidence, allows_acts=acts)


async def test_a_domain_that_tells_nobody_overrules_its_people(
    world: World, other: Asker, news: MailingList
) -> None:
    await allow(world.database, other)
    await decide(world, ConsentMode.ALL_TRUSTED)
    await set_robot(world, federation_incoming="never")
    assert await other.lists(ADA) == await other.lists(SOMEBODY) == []


# ---- which lists


async def test_hidden_lists_and_concealed_members_are_told_where_the_owners_allow_it(
    world: World, other: Asker, news: MailingList
) -> None:
    hidden = await world.make("hidden", visibility="conceal")
    secret = await world.make("secret", visibility="secret")
    closed = await world.make("closed", visibility="noconceal")
    await allow(world.database, other)
    for mlist in (hidden, secret, closed):
        await world.put(mlist, ADA)
    async with world.database.write() as uow:
        await mailing_lists.close_list(uow, operator(world.home), closed)
    assert await other.lists(ADA) == [news.address]
    for mlist in (hidden, secret):
        await set_list(world, mlist, tells_peers="everything")
    # Its members see a concealed list, and only its owners a secret one.
    assert await other.lists(ADA) == [hidden.address, news.address]
    await set_list(world, news, tells_peers="nothing")
    assert await other.lists(ADA) == [hidden.address]


async def test_no_address_is_told_of_but_the_one_that_was_asked_about(
    world: World, other: Asker, news: MailingList
) -> None:
    """A question about one address opens no other (threat T2)."""
    second = await world.make("second", visibility="noconceal")
    await world.put(second, "other@nowhere.example")
    await allow(world.database, other)
    assert await other.lists(ADA) == [news.address]


async def test_at_most_500_are_told(world: World, other: Asker) -> None:
    made = [await world.make(f"many-{number:03}", visibility="noconceal") for number in range(502)]
    for mlist in made:
        await world.put(mlist, ADA)
    await allow(world.database, other)
    (answer,) = await other.ask(ADA)
    assert len(answer["subscriptions"]) == 500
    assert answer["isTruncated"] is True
    assert len(other.got[-1].content) <= 256 * 1024


# ---- statements


@pytest.mark.parametrize(
    "forged",
    [
        {"keys": "stranger"},
        {"audience": "https://third.example"},
        {"now": -61},
        {"now": 120},
        {"purpose": LEAVE},
        {"consented_at": 0},
        {"session_at": 0},
        {"verified_at": 0},
        {"handle": "another"},
        {"pair": ("x", "y")},
        {"pair": "turned"},
    ],
)
async def test_a_statement_that_does_not_hold_opens_nothing(
    world: World, other: Asker, news: MailingList, forged: dict[str, object]
) -> None:
    """Late, for another server, of another name, by another key (threats T2 and T8)."""
    await allow(world.database, other)
    changed = dict(forged)
    if "now" in changed:
        changed["now"] = other.now + int(str(changed["now"])) * SECOND
    if changed.get("keys"):
        changed["keys"] = OtherServer(other.other.issuer).keys
    if changed.get("pair") == "turned":
        changed["pair"] = tuple(reversed(other.kids))
    found = await other.which([other.subject(ADA, **changed)])
    assert found["answers"][0]["subscriptions"] == []
    assert await other.lists(ADA) == [news.address]


async def test_padding_is_answered_like_anybody(world: World, other: Asker, news: MailingList) -> None:
    await allow(world.database, other)
    subjects = [other.padding(), other.subject(ADA), *(other.padding() for _ in range(3))]
    found = await other.which(subjects)
    assert [each["handle"] for each in found["answers"]] == [each.handle for each in subjects]
    assert [len(each["subscriptions"]) for each in found["answers"]] == [0, 1, 0, 0, 0]
    async with world.database.read() as reader:
        assert await names_of(reader, other.peer.id) == 2


# ---- names


async def test_whoever_comes_to_a_list_is_found_at_the_next_question(
    world: World, other: Asker, news: MailingList
) -> None:
    await allow(world.database, other, "late@x.example")
    assert await other.lists("late@x.example") == []
    await world.put(news, "late@x.example")
    assert await other.lists("late@x.example") == [news.address]


async def test_names_of_addresses_that_moved_or_left_are_tended_now_and_then(
    world: World, other: Asker, news: MailingList
) -> None:
    await allow(world.database, other, "moved@x.example")
    assert await other.lists(ADA) == []
    async with world.database.write() as uow:
        found = await memberships.find(uow, news.id, ADA)
        assert found is not None
        await memberships.change(
            uow, replace(found, address="moved@x.example", address_key="moved@x.example")
        )
    assert await other.lists("moved@x.example") == []
    assert await named.tidy(world.database) == 1
    assert await other.lists("moved@x.example") == [news.address]
    async with world.database.read() as reader:
        assert await names_of(reader, other.peer.id) == 2


async def test_while_a_key_changes_both_name_the_same_address(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    await allow(world.database, other)
    assert await other.lists(ADA) == [news.address]
    before = other.subject(ADA)
    following = new_pair("X25519", not_before=1)
    other.other.agreement.append(following)
    async with world.database.write() as uow:
        document = discovery.read(other.other.document(uow.now).encode(), other.other.issuer, uow.now)
        await peers.refreshed(
            uow,
            other.peer.id,
            document.endpoint,
            discovery.kept(document.said),
            peer_keys.kept(document.keys),
        )
    after = other.subject(ADA)
    assert before.handle != after.handle
    for subject in (before, after):
        found = await other.which([subject])
        assert [each["listAddress"] for each in found["answers"][0]["subscriptions"]] == [news.address]


# ---- what is written down


async def test_what_was_told_is_in_the_trail_and_can_be_stopped(
    world: World, other: Asker, news: MailingList
) -> None:
    await decide(world, ConsentMode.ALL_TRUSTED)
    await other.ask(SOMEBODY)
    async with world.database.read() as reader:
        (line,) = await told.told_of(reader, world.somebody.id, [SOMEBODY])
    assert (line.peer, line.address, line.lists) == (other.peer.domain, SOMEBODY, 1)
    await other.ask("unknown@x.example", ADA)
    events = [each for each in await world.events() if each[0] == told.EVENT]
    assert events == [(told.EVENT, other.peer.domain, SOMEBODY)]
    await decide(world, ConsentMode.ALL_TRUSTED, stopped=[other.peer.id])
    assert await other.lists(SOMEBODY) == []


async def test_a_stop_holds_at_once(world: World, other: Asker, news: MailingList) -> None:
    await decide(world, ConsentMode.ALL_TRUSTED)
    assert await other.lists(SOMEBODY) == [news.address]
    async with world.database.read() as reader:
        consent = await consents.consent_of(reader, world.somebody.id)
    assert consent.covers(consents.INCOMING, other.peer.id)
    assert not consent.covers(consents.OUTGOING, other.peer.id)
    async with world.database.write() as uow:
        await rows.choose(uow, world.somebody.id, [other.peer.id], [consents.INCOMING], is_allowed=False)
    assert await other.lists(SOMEBODY) == []


# ---- budgets


async def test_a_name_is_looked_up_twelve_times_a_day(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    """Nobody is watched by asking again and again (threat T3)."""
    await allow(world.database, other)
    for _ in range(12):
        assert await other.lists(ADA) == [news.address]
        clock.advance(seconds=2)
    found = await other.which([other.subject(ADA), other.subject(SOMEBODY)])
    assert found["notice"] == "RATE_LIMITED"
    assert found["answers"][0]["subscriptions"] == []
    clock.advance(days=1)
    assert await other.lists(ADA) == [news.address]


async def test_a_harvest_ends_the_answers_and_is_told_to_administrators(
    world: World, other: Asker, clock: Clock
) -> None:
    """Enumeration by a peer that is trusted (threat T3)."""
    for round_ in range(25):
        await other.ask(*(f"p{round_}-{number}@x.example" for number in range(20)))
        clock.advance(seconds=2)
    assert (await peer_now(world.database, other.peer)).trust is PeerTrust.MUTUAL
    answer = await other.post(
        question.body_of(question.WHICH, question.which_variables([other.subject("one-more@x.example")]))
    )
    assert (answer.status_code, answer.json()["reason"]) == (429, "RATE_LIMITED")
    now = await peer_now(world.database, other.peer)
    assert now.trust is PeerTrust.ASK_ONLY
    assert "500" in now.alert


async def test_padding_costs_no_budget(world: World, other: Asker, clock: Clock) -> None:
    for _ in range(27):
        await other.which([other.padding() for _ in range(20)])
        clock.advance(seconds=2)
    assert (await peer_now(world.database, other.peer)).trust is PeerTrust.MUTUAL


async def test_sixty_questions_a_minute_are_answered(world: World, other: Asker, clock: Clock) -> None:
    """And the next one is not (threat T3)."""
    body = question.body_of(question.WHICH, question.which_variables([other.padding()]))
    for _ in range(60):
        assert (await other.post(body)).status_code == 200
    refused = await other.post(body)
    assert (refused.status_code, refused.json()["reason"]) == (429, "RATE_LIMITED")
    clock.advance(seconds=61)
    assert (await other.post(body)).status_code == 200
