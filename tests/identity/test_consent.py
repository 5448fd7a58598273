"""An address of somebody else's: it moves, or the accounts are joined, only when both sides have spoken (rows 103, 108)."""

import pytest

from identity import consent
from identity.actor import Actor
from identity.challenge import confirm_address, confirm_by_ticket, link_address
from identity.consent import JOIN, MOVE, REFUSE, ConsentAsked, LastAddress, SignInToJoin
from identity.ledger import AddressTaken, effective_addresses, unlink
from identity.people import find_by_address
from identity.tickets import TicketInvalid
from storage import alerts
from storage.tables.account_life import AlertKind
from tests.conftest import Clock
from tests.identity.world import Letter, World

SHARED = "shared@two.example"


async def owner_of_two(world: World, shared: str = SHARED) -> Actor:
    """Somebody whose main address is b@one.example and who has the shared one, too."""
    actor = await world.actor("b@one.example")
    async with world.db.write() as uow:
        await link_address(uow, actor, shared)
    await confirm_address(world.db, actor, shared, (await world.mails(shared))[-1].code)
    return actor


async def ask(world: World, actor: Actor, address: str = SHARED) -> Letter:
    async with world.db.write() as uow:
        await link_address(uow, actor, address)
    return (await world.mails(address))[-1]


async def show(world: World, actor: Actor, address: str = SHARED) -> None:
    """The asker types the code that went to the address."""
    letter = await ask(world, actor, address)
    with pytest.raises(ConsentAsked):
        await confirm_address(world.db, actor, address, letter.code)


async def answer(world: World, secret: str, choice: str, visitor: Actor | None = None) -> None:
    async with world.db.write() as uow:
        await consent.answer(uow, secret, visitor, choice)


async def holder_of(world: World, address: str = SHARED) -> int:
    async with world.db.read() as reader:
        found = await find_by_address(reader, address)
    assert found is not None
    return found.id


async def addresses(world: World, actor: Actor) -> list[str]:
    assert actor.person is not None
    async with world.db.read() as reader:
        return [row.address for row in await effective_addresses(reader, actor.person.id, world.robot.id)]


async def test_the_address_moves_when_its_mailbox_and_its_holder_have_both_said_yes(world: World) -> None:
    owner, asker = await owner_of_two(world), await world.actor("a@one.example")
    await show(world, asker)
    assert await addresses(world, asker) == ["a@one.example"]
    letter = (await world.mails("b@one.example"))[-1]
    assert "a@one.example" in letter.text
    await answer(world, letter.secret, MOVE)
    assert await addresses(world, asker) == ["a@one.example", SHARED]
    assert await addresses(world, owner) == ["b@one.example"]
    assert SHARED in (await world.mails("a@one.example"))[-1].text
    assert SHARED in (await world.mails("b@one.example"))[-1].text
    with pytest.raises(TicketInvalid):
        await answer(world, letter.secret, REFUSE)


async def test_without_the_code_from_the_mailbox_the_holder_is_not_even_asked(world: World) -> None:
    await owner_of_two(world)
    asker = await world.actor("a@one.example")
    before = await world.mails("b@one.example")
    await ask(world, asker)
    assert await world.mails("b@one.example") == before


async def test_the_link_in_the_asking_session_asks_the_holder_as_the_code_does(world: World) -> None:
    asker = await world.actor("a@one.example")
    letter = await ask(world, asker)
    await world.by_ticket(SHARED)
    async with world.db.write() as uow:
        row = await confirm_by_ticket(uow, asker, letter.secret)
    assert row.proved_at is None
    assert "a@one.example" in (await world.mails(SHARED))[-1].text


async def test_a_refusal_leaves_everything_and_tells_the_asker_nothing(world: World) -> None:
    owner, asker = await owner_of_two(world), await world.actor("a@one.example")
    await show(world, asker)
    told = await world.mails("a@one.example")
    assert owner.person is not None
    async with world.db.read() as reader:
        assert [each.kind for each in await alerts.waiting(reader, owner.person.id)] == [
            AlertKind.ADDRESS_CONFLICT
        ]
    await answer(world, (await world.mails("b@one.example"))[-1].secret, REFUSE)
    assert await holder_of(world) == owner.person.id
    assert await world.mails("a@one.example") == told
    async with world.db.read() as reader:
        assert await alerts.waiting(reader, owner.person.id) == []


async def test_the_only_address_of_an_account_does_not_leave_it(world: World) -> None:
    asker, owner = await world.actor("a@one.example"), await world.actor(SHARED)
    await show(world, asker)
    secret = (await world.mails(SHARED))[-1].secret
    with pytest.raises(LastAddress):
        await answer(world, secret, MOVE)
    assert await addresses(world, owner) == [SHARED]


async def test_joining_needs_a_sign_in_to_the_account_that_has_the_address(world: World) -> None:
    asker, owner = await world.actor("a@one.example"), await owner_of_two(world)
    await show(world, asker)
    secret = (await world.mails("b@one.example"))[-1].secret
    for visitor in (None, asker):
        with pytest.raises(SignInToJoin):
            await answer(world, secret, JOIN, visitor)
    await answer(world, secret, JOIN, owner)
    assert sorted(await addresses(world, asker)) == ["a@one.example", "b@one.example", SHARED]


async def test_a_main_address_that_goes_leaves_another_one_as_the_main_one(world: World) -> None:
    owner, asker = await owner_of_two(world), await world.actor("a@one.example")
    await show(world, asker, "b@one.example")
    await answer(world, (await world.mails("b@one.example"))[-1].secret, MOVE)
    assert await addresses(world, owner) == [SHARED]
    assert await holder_of(world, "b@one.example") == (asker.person.id if asker.person else 0)


async def test_a_question_that_nobody_answered_lapses(world: World, clock: Clock) -> None:
    owner, asker = await owner_of_two(world), await world.actor("a@one.example")
    await show(world, asker)
    secret = (await world.mails("b@one.example"))[-1].secret
    clock.advance(days=3)
    with pytest.raises(TicketInvalid):
        await answer(world, secret, MOVE)
    assert owner.person is not None
    assert await holder_of(world) == owner.person.id


async def test_what_the_holder_gave_up_meanwhile_needs_no_consent_any_more(world: World) -> None:
    """The page of the old question is over, and the next code adds the address."""
    await owner_of_two(world)
    asker = await world.actor("a@one.example")
    await show(world, asker)
    secret = (await world.mails("b@one.example"))[-1].secret
    owner = await world.actor("b@one.example")
    async with world.db.write() as uow:
        from_ledger = await effective_addresses(uow, owner.person.id if owner.person else 0, world.robot.id)
        row = next(each for each in from_ledger if each.address == SHARED)
        await unlink(uow, owner, row.id)
    with pytest.raises(TicketInvalid):
        await answer(world, secret, MOVE)
    letter = await ask(world, asker)
    await confirm_address(world.db, asker, SHARED, letter.code)
    assert SHARED in await addresses(world, asker)


async def test_consent_asked_is_a_way_of_being_taken() -> None:
    assert issubclass(ConsentAsked, AddressTaken)
