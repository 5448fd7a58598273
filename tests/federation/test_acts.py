"""Leaving and pausing through a peer: refused unless both administrators, the person's token and the list's rules allow it."""

from dataclasses import replace

import pytest

from federation import question, statements, tokens
from mail.instant import DAY, to_rfc3339
from storage import federation_consents as rows
from storage import memberships, peers, robots
from storage.tables.lists import MailingList, Membership
from storage.tables.words import AddressVerdict, PeerEvidence
from tests.conftest import Clock
from tests.federation.asking_world import Asker
from tests.lists.world import World

ADA = "ada@x.example"
REFUSED = {"isDone": False, "notice": "NOT_ALLOWED"}
DONE = {"isDone": True, "notice": None}


@pytest.fixture
async def news(world: World) -> MailingList:
    mlist = await world.make("news", visibility="noconceal")
    await world.put(mlist, ADA)
    return mlist


@pytest.fixture
async def token(world: World, other: Asker, news: MailingList) -> str:
    """All that has to be allowed is, and Ada's token."""
    async with world.database.write() as uow:
        await peers.set_terms(uow, other.peer.id, PeerEvidence.CONSENT, allows_acts=True)
        await robots.change(uow, world.home, {"federation_acts": True})
        await rows.decide(uow, other.peer.id, ADA, AddressVerdict.ALLOWED)
        consent = (await rows.of_addresses(uow, other.peer.id, [ADA]))[ADA]
    found = tokens.token_of(world.database.site, other.peer, consent)
    assert found is not None
    return found


async def there(world: World, mlist: MailingList) -> Membership | None:
    async with world.database.read() as reader:
        return await memberships.find(reader, mlist.id, ADA)


async def test_who_may_leaves(world: World, other: Asker, news: MailingList, token: str) -> None:
    subject = other.subject(ADA, token, purpose=statements.LEAVE, act=news.address)
    assert await other.act(subject) == DONE
    assert await there(world, news) is None
    events = {each[0] for each in await world.events()}
    assert {"peer_left", "unsubscribed"} <= events


async def test_a_pause_ends_when_it_was_said(
    world: World, other: Asker, news: MailingList, token: str
) -> None:
    until = other.now + 14 * DAY
    subject = other.subject(ADA, token, purpose=statements.PAUSE, act=news.address)
    assert await other.act(subject, to_rfc3339(until)) == DONE
    found = await there(world, news)
    assert found is not None
    assert (found.suspended_from, found.suspended_until) == (other.now, until)


@pytest.mark.parametrize("lacks", ["peer", "robot", "token", "another token", "consent", "membership"])
async def test_without_any_one_leave_nothing_is_done_and_the_answer_is_the_same(
    world: World, other: Asker, news: MailingList, token: str, lacks: str
) -> None:
    about = news.address
    async with world.database.write() as uow:
        match lacks:
            case "peer":
                await peers.set_terms(uow, other.peer.id, PeerEvidence.ASSERTION, allows_acts=False)
            case "robot":
                await robots.change(uow, world.home, {"federation_acts": False})
            case "consent":
                await rows.decide(uow, other.peer.id, ADA, AddressVerdict.NEVER)
            case "token":
                token = ""
            case "another token":
                token = "x" * 43
            case _:
                about = "nothing@a.example"
    subject = other.subject(ADA, token, purpose=statements.LEAVE, act=about)
    assert await other.act(subject) == REFUSED
    assert await there(world, news) is not None


@pytest.mark.parametrize(
    "forged", [{"purpose": statements.WHICH}, {"audience": "https://third.example"}, {"act": ""}]
)
async def test_a_statement_of_another_purpose_does_nothing(
    world: World, other: Asker, news: MailingList, token: str, forged: dict[str, str]
) -> None:
    said = {"purpose": statements.LEAVE, "act": news.address} | forged
    assert await other.act(other.subject(ADA, token, **said)) == REFUSED
    assert await there(world, news) is not None


async def test_a_statement_is_used_once_whatever_request_brings_it(
    world: World, other: Asker, news: MailingList, token: str
) -> None:
    subject = other.subject(ADA, token, purpose=statements.LEAVE, act=news.address)
    assert await other.act(subject) == DONE
    await world.put(news, ADA)
    assert await other.act(subject) == REFUSED
    assert await there(world, news) is not None


async def test_a_handle_of_somebody_else_does_nothing(
    world: World, other: Asker, news: MailingList, token: str
) -> None:
    await world.put(news, "eve@x.example")
    subject = other.subject("eve@x.example", token, purpose=statements.LEAVE, act=news.address)
    assert await other.act(subject) == REFUSED
    swapped = other.subject(ADA, token, purpose=statements.LEAVE, act=news.address)
    assert await other.act(replace(swapped, handle=subject.handle)) == REFUSED


async def test_the_lists_rules_hold_here_too(world: World, other: Asker, token: str) -> None:
    for name, rule, notice in (("stays", "closed", "REFUSED"), ("asks", "owner", "WAITING")):
        mlist = await world.make(name, visibility="noconceal", unsubscribe=rule)
        await world.office(mlist, "owner@x.example")
        await world.put(mlist, ADA)
        subject = other.subject(ADA, token, purpose=statements.LEAVE, act=mlist.address)
        assert await other.act(subject) == {"isDone": False, "notice": notice}
        assert await there(world, mlist) is not None


@pytest.mark.parametrize("days", [None, -1, 0, 400])
async def test_a_pause_ends_within_a_year(
    world: World, other: Asker, news: MailingList, token: str, days: int | None, clock: Clock
) -> None:
    subject = other.subject(ADA, token, purpose=statements.PAUSE, act=news.address)
    until = None if days is None else to_rfc3339(clock() + days * DAY)
    body = question.body_of(question.ACT, question.act_variables(subject, until))
    answer = await other.post(body)
    assert (answer.status_code, answer.json()["reason"]) == (400, "BAD_REQUEST")
