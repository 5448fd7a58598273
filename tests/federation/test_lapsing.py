"""What an address or its account agreed to ends when a year has passed, or when the account has the address no longer (listfed/1, 5)."""

from federation import consents, mailed_consent, own_token, statements
from identity import ledger as identity_ledger
from identity.actor import Actor
from storage import federation_consents as rows
from storage import ledger, peers, robots
from storage.database import Database
from storage.tables.lists import MailingList
from storage.tables.words import AddressSource, AddressVerdict, ConsentMode, PeerEvidence, Strength
from tests.conftest import Clock
from tests.federation.asking_world import Asker, asker
from tests.identity import world as accounts
from tests.lists.world import Mail, World, world_in

ADA, SOMEBODY = "ada@x.example", "somebody@nowhere.example"


async def mails_to(world: World, address: str) -> list[Mail]:
    return [each for each in await world.mails() if each.to == address and "has shown there" in each.text]


async def say_yes(world: World, mail: Mail) -> str:
    """The token that a yes behind a mailed link gives."""
    async with world.database.write() as uow:
        _, link = await mailed_consent.answer(uow, mail.secret, allows=True)
    assert link is not None
    return link.rpartition("token=")[2]


async def agree(world: World, incoming: ConsentMode = ConsentMode.ALL_TRUSTED) -> None:
    """What Somebody says in their account."""
    async with world.database.write() as uow:
        await rows.put_policy(uow, world.somebody.id, ConsentMode.NOBODY, incoming)


async def prove(world: World, *, days: int | None = None) -> None:
    """Somebody's address is shown to be theirs now, for so many days."""
    async with world.database.write() as uow:
        until = None if days is None else uow.now + days * 86_400_000_000
        await identity_ledger.prove(
            uow,
            world.somebody.id,
            SOMEBODY,
            source=AddressSource.ACCOUNT,
            strength=Strength.MD5,
            expires_at=until,
        )


# ---- an address without an account


async def test_a_mailed_yes_lapses_after_a_year_and_is_asked_for_anew(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    """Whoever reads the mailbox by then says it again, or nothing is told (threat T8)."""
    await other.ask(ADA)
    await say_yes(world, (await mails_to(world, ADA))[0])
    clock.advance(days=364)
    assert await other.lists(ADA) == [news.address]
    clock.advance(days=1)
    for _ in range(2):
        assert await other.lists(ADA) == []
    first, second = await mails_to(world, ADA)
    assert "a year ago" not in first.text
    assert "a year ago" in second.text
    clock.advance(days=89)
    assert await other.lists(ADA) == []
    assert len(await mails_to(world, ADA)) == 2
    clock.advance(days=1)
    await other.ask(ADA)
    _, _, third = await mails_to(world, ADA)
    await say_yes(world, third)
    assert await other.lists(ADA) == [news.address]


async def test_a_no_stays_and_nobody_is_asked_again(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    async with world.database.write() as uow:
        await rows.decide(uow, other.peer.id, ADA, AddressVerdict.NEVER)
    clock.advance(days=800)
    assert await other.lists(ADA) == []
    assert await mails_to(world, ADA) == []


async def test_a_token_lapses_with_the_yes_that_it_is_made_of(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    """It opens neither an answer nor an act a year later (threat T8)."""
    await other.ask(SOMEBODY)
    token = await say_yes(world, (await mails_to(world, SOMEBODY))[0])
    async with world.database.write() as uow:
        await peers.set_terms(uow, other.peer.id, PeerEvidence.TOKEN, allows_acts=True)
        await robots.change(uow, world.home, {"federation_acts": True})
    await agree(world)
    assert await other.lists(SOMEBODY, token) == [news.address]
    clock.advance(days=365)
    await prove(world)
    assert await other.lists(SOMEBODY, token) == []
    subject = other.subject(SOMEBODY, token, purpose=statements.LEAVE, act=news.address)
    assert await other.act(subject) == {"isDone": False, "notice": "NOT_ALLOWED"}
    async with world.database.write() as uow:
        await peers.set_terms(uow, other.peer.id, PeerEvidence.CONSENT, allows_acts=True)
    assert await other.lists(SOMEBODY) == [news.address]


# ---- an address of an account


async def test_what_an_account_agreed_to_is_for_addresses_that_it_has(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    """One that lapsed there is not told of, whatever it agreed to before; its own reader is asked (threat T8)."""
    await prove(world, days=100)
    await agree(world)
    async with world.database.write() as uow:
        await rows.decide(uow, other.peer.id, SOMEBODY, AddressVerdict.ALLOWED)
    assert await other.lists(SOMEBODY) == [news.address]
    clock.advance(days=101)
    assert await other.lists(SOMEBODY) == []
    (mail,) = await mails_to(world, SOMEBODY)
    clock.advance(seconds=2)
    await say_yes(world, mail)
    assert await other.lists(SOMEBODY) == [news.address]


async def test_a_peers_word_does_not_open_what_lapsed_in_an_account(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    """Not where its word counts for addresses without an account, either (threats T2 and T8)."""
    await prove(world, days=30)
    async with world.database.write() as uow:
        await robots.change(uow, world.home, {"federation_incoming": "all_trusted"})
        await peers.set_terms(uow, other.peer.id, PeerEvidence.ASSERTION, allows_acts=False)
    clock.advance(days=31)
    assert await other.lists(ADA) == [news.address]
    assert await other.lists(SOMEBODY) == []


async def test_an_address_that_an_account_proved_a_year_ago_is_not_told_of(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    """Until it is confirmed again, which is enough: the agreement itself is seen in the account (threat T8)."""
    await agree(world)
    clock.advance(days=365)
    assert await other.lists(SOMEBODY) == [news.address]
    clock.advance(days=1)
    assert await other.lists(SOMEBODY) == []
    await prove(world)
    assert await other.lists(SOMEBODY) == [news.address]


async def test_a_yes_of_the_account_is_not_one_of_the_mailbox(database: Database, clock: Clock) -> None:
    """A token that was issued in the account opens nothing once the account has the address no longer (threat T8)."""
    world = await world_in(database)
    news = await world.make("news", visibility="noconceal")
    home = accounts.World(database, world.home)
    await home.person("alice@x.example")
    alice: Actor = await home.actor("alice@x.example")
    assert alice.person is not None
    await world.put(news, "alice@x.example")
    other = await asker(database)
    async with database.write() as uow:
        await consents.update(uow, alice, incoming=ConsentMode.ALL_TRUSTED)
        link = await own_token.issue(uow, alice, other.peer.id, "alice@x.example")
        await peers.set_terms(uow, other.peer.id, PeerEvidence.TOKEN, allows_acts=False)
    token = link.rpartition("token=")[2]
    assert await other.lists("alice@x.example", token) == [news.address]
    async with database.write() as uow:
        await ledger.release(uow, alice.person.id, "alice@x.example")
    assert await other.lists("alice@x.example", token) == []
    assert len(await mails_to(world, "alice@x.example")) == 0
    clock.advance(days=90)
    assert await other.lists("alice@x.example", token) == []
    assert len(await mails_to(world, "alice@x.example")) == 1
