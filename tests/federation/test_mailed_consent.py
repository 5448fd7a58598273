"""An address is asked by mail whether a peer may hear of its lists: once in 90 days, and its answer holds (listfed/1, 5)."""

import pytest

from federation import mailed_consent, tokens
from identity.tickets import TicketInvalid
from storage import federation_consents as rows
from storage import peers, robots
from storage.tables.federation_consents import AddressConsent
from storage.tables.lists import MailingList
from storage.tables.words import AddressVerdict, ConsentMode, PeerEvidence
from tests.conftest import Clock
from tests.federation.asking_world import Asker, asker
from tests.federation.other_server import OtherServer
from tests.lists.world import Mail, World

ADA, SOMEBODY = "ada@x.example", "somebody@nowhere.example"


async def mails_to(world: World, address: str = ADA) -> list[Mail]:
    return [each for each in await world.mails() if each.to == address]


async def answer(world: World, secret: str, *, allows: bool) -> str | None:
    async with world.database.write() as uow:
        return (await mailed_consent.answer(uow, secret, allows=allows))[1]


async def consent(world: World, other: Asker) -> AddressConsent:
    async with world.database.read() as reader:
        return (await rows.of_addresses(reader, other.peer.id, [ADA]))[ADA]


async def test_the_first_question_is_mailed_and_a_yes_holds_from_then_on(
    world: World, other: Asker, news: MailingList
) -> None:
    """Only who reads the mailbox opens it, whatever the peer says (threats T2 and T3)."""
    assert await other.lists(ADA) == []
    (mail,) = await mails_to(world)
    assert "other.example" in mail.text
    assert news.address not in mail.text
    await answer(world, mail.secret, allows=True)
    assert await other.lists(ADA) == [news.address]
    assert len(await mails_to(world)) == 1
    with pytest.raises(TicketInvalid):
        await answer(world, mail.secret, allows=True)


async def test_never_is_never(world: World, other: Asker, news: MailingList, clock: Clock) -> None:
    await other.ask(ADA)
    (mail,) = await mails_to(world)
    assert await answer(world, mail.secret, allows=False) is None
    clock.advance(days=400)
    assert await other.lists(ADA) == []
    assert len(await mails_to(world)) == 1


async def test_who_does_not_answer_is_asked_again_after_90_days(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    """No peer can have somebody flooded with questions (threat T3)."""
    await other.ask(ADA)
    clock.advance(days=89)
    await other.ask(ADA)
    assert len(await mails_to(world)) == 1
    clock.advance(days=1)
    await other.ask(ADA)
    await other.ask(ADA)
    assert len(await mails_to(world)) == 2


async def test_each_server_asks_for_itself(world: World, other: Asker, news: MailingList) -> None:
    third = await asker(world.database, OtherServer("https://third.example"))
    await other.ask(ADA)
    await third.ask(ADA)
    first, second = await mails_to(world)
    await answer(world, second.secret, allows=True)
    assert await other.lists(ADA) == []
    assert await third.lists(ADA) == [news.address]
    assert "third.example" not in first.text


@pytest.mark.parametrize("setting", ["never", "all_trusted"])
async def test_a_domain_that_does_not_ask_mails_nothing(
    world: World, other: Asker, news: MailingList, setting: str
) -> None:
    async with world.database.write() as uow:
        await robots.change(uow, world.home, {"federation_incoming": setting})
    await other.ask(ADA)
    assert await mails_to(world) == []


async def test_nobody_is_asked_who_has_nothing_to_tell_or_was_not_vouched_for(
    world: World, other: Asker
) -> None:
    hidden = await world.make("hidden", visibility="secret")
    await world.put(hidden, ADA)
    await other.ask(ADA, "unknown@x.example")
    assert await world.mails() == []
    news = await world.make("news", visibility="noconceal")
    await world.put(news, ADA)
    await other.which([other.subject(ADA, consented_at=0)])
    assert await world.mails() == []


async def test_who_decided_in_their_account_is_not_asked(
    world: World, other: Asker, news: MailingList
) -> None:
    async with world.database.write() as uow:
        await rows.put_policy(uow, world.somebody.id, ConsentMode.NOBODY, ConsentMode.SELECTED)
    await other.ask(SOMEBODY)
    assert await mails_to(world, SOMEBODY) == []


async def test_the_token_is_of_this_address_this_server_and_this_yes(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    await other.ask(ADA)
    link = await answer(world, (await mails_to(world))[0].secret, allows=True)
    assert link is not None
    assert link.startswith("https://other.example/federation/consent#from=https%3A%2F%2Flists.example.test&")
    token = link.rpartition("token=")[2]
    site, given = world.database.site, await consent(world, other)
    third = await asker(world.database, OtherServer("https://third.example"))
    assert tokens.fits(site, other.peer, given, token)
    assert not tokens.fits(site, third.peer, given, token)
    assert not tokens.fits(site, other.peer, given, token[:-1])
    assert not tokens.fits(site, other.peer, None, "")
    clock.advance(seconds=1)
    async with world.database.write() as uow:
        await rows.decide(uow, other.peer.id, ADA, AddressVerdict.NEVER)
    assert not tokens.fits(site, other.peer, await consent(world, other), token)
    async with world.database.write() as uow:
        await rows.decide(uow, other.peer.id, ADA, AddressVerdict.ALLOWED)
    assert not tokens.fits(site, other.peer, await consent(world, other), token)


async def test_where_a_token_is_asked_for_a_yes_alone_opens_nothing(
    world: World, other: Asker, news: MailingList
) -> None:
    """A peer that lies about an address has no token of it (threat T2)."""
    async with world.database.write() as uow:
        await peers.set_terms(uow, other.peer.id, PeerEvidence.TOKEN, allows_acts=False)
    await other.ask(ADA)
    link = await answer(world, (await mails_to(world))[0].secret, allows=True)
    assert await other.lists(ADA) == []
    assert await other.lists(ADA, token="x" * 43) == []
    assert await other.lists(ADA, token=str(link).rpartition("token=")[2]) == [news.address]
