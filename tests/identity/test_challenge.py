"""Adding an address: the mail proves the address, the session proves the account, and one without the other is nothing."""

import asyncio

import pytest

from identity import sign_in
from identity.actor import Actor, stranger
from identity.challenge import confirm_address, confirm_by_ticket, link_address, reject_by_ticket
from identity.ledger import all_addresses, effective_addresses
from identity.people import find_by_address
from identity.refusal import SignInNeeded, TooMany
from identity.sessions import rotate
from identity.tickets import TicketInvalid, issue, redeem
from mail.address import address_key
from storage.tables.people import LedgerRow
from storage.tables.words import Strength, TicketPurpose
from tests.conftest import Clock
from tests.identity.world import Letter, Watched, World, make_robot


async def ask(world: World, actor: Actor, address: str = "b@two.example") -> tuple[LedgerRow, Letter]:
    async with world.db.write() as uow:
        row = await link_address(uow, actor, address)
    return row, (await world.mails())[-1]


async def by_link(world: World, actor: Actor, secret: str) -> LedgerRow:
    async with world.db.write() as uow:
        return await confirm_by_ticket(uow, actor, secret)


async def addresses(world: World, actor: Actor) -> list[str]:
    assert actor.person is not None
    async with world.db.read() as reader:
        return [row.address for row in await effective_addresses(reader, actor.person.id, world.robot.id)]


async def test_the_code_typed_in_the_asking_session_adds_the_address_for_a_year(
    world: World, clock: Clock
) -> None:
    actor = await world.actor("a@one.example")
    pending, letter = await ask(world, actor)
    assert pending.proved_at is None
    assert "a@one.example" in letter.text
    assert await addresses(world, actor) == ["a@one.example"]
    row = await confirm_address(world.db, actor, "B@two.example", letter.code)
    assert (row.address, row.strength) == ("b@two.example", Strength.MD5)
    assert await addresses(world, actor) == ["a@one.example", "b@two.example"]
    assert (await world.mails("a@one.example"))[-1].text.count("b@two.example") == 1
    clock.advance(days=364)
    again = await world.by_ticket("b@two.example")
    assert actor.person is not None
    assert again.person.id == actor.person.id
    clock.advance(days=364)
    assert "b@two.example" in await addresses(world, actor)
    clock.advance(days=1)
    assert "b@two.example" not in await addresses(world, actor)


async def test_signing_in_with_a_password_under_an_alternate_does_not_prove_its_mailbox(
    world: World, clock: Clock
) -> None:
    await world.person("a@one.example", password="correct horse battery")
    actor = await world.actor("a@one.example")
    _, letter = await ask(world, actor)
    await confirm_address(world.db, actor, "b@two.example", letter.code)
    clock.advance(days=364)
    await world.by_password("b@two.example")
    clock.advance(days=1)
    assert await addresses(world, actor) == ["a@one.example"]


async def test_the_link_opened_in_the_asking_session_adds_the_address(world: World) -> None:
    actor = await world.actor("a@one.example")
    _, letter = await ask(world, actor)
    await by_link(world, actor, letter.secret)
    assert await addresses(world, actor) == ["a@one.example", "b@two.example"]
    with pytest.raises(TicketInvalid):
        await by_link(world, actor, letter.secret)


async def test_a_new_token_for_the_session_does_not_lose_the_challenge(world: World) -> None:
    actor = await world.actor("a@one.example")
    _, letter = await ask(world, actor)
    assert actor.session is not None
    async with world.db.write() as uow:
        _, token = await rotate(uow, actor.session)
    renewed = await world.who(token)
    assert renewed is not None
    await by_link(world, renewed, letter.secret)
    assert "b@two.example" in await addresses(world, actor)


async def test_a_challenge_is_worth_nothing_in_any_other_session(world: World) -> None:
    """Pitfall 7."""
    mallory = await world.actor("mallory@one.example")
    _, letter = await ask(world, mallory, "victim@two.example")
    victim = await world.actor("victim@two.example")
    mallory_elsewhere = await world.actor("mallory@one.example")
    for foreign in (victim, mallory_elsewhere):
        with pytest.raises(TicketInvalid):
            await by_link(world, foreign, letter.secret)
        with pytest.raises(TicketInvalid):
            await confirm_address(world.db, foreign, "victim@two.example", letter.code)
    with pytest.raises(SignInNeeded):
        await by_link(world, stranger(world.robot), letter.secret)
    assert await addresses(world, victim) == ["victim@two.example"]
    assert await addresses(world, mallory) == ["mallory@one.example"]


async def test_the_answer_and_the_work_are_the_same_when_the_address_is_somebody_elses(world: World) -> None:
    """Pitfall 47."""
    await world.person("taken@two.example")
    watched = Watched(world.db)
    looking = World(watched, world.robot)
    actor = await world.actor("mallory@one.example")
    watched.told()
    taken, to_holder = await ask(looking, actor, "taken@two.example")
    asked_for_taken = watched.told()
    free, _ = await ask(looking, actor, "free@two.example")
    assert watched.told() == asked_for_taken
    shape = [
        (row.proved_at, row.expires_at, row.strength, row.source, row.address_key == address_key(row.address))
        for row in (taken, free)
    ]
    assert shape[0] == shape[1]
    assert "belongs to an account already" in to_holder.text
    assert "/t/" not in to_holder.text
    with pytest.raises(sign_in.WrongCode):
        await confirm_address(world.db, actor, "taken@two.example", "22222222")
    with pytest.raises(sign_in.WrongCode):
        await confirm_address(world.db, actor, "free@two.example", "22222222")


async def test_an_address_proved_by_somebody_else_meanwhile_does_not_move(world: World) -> None:
    actor = await world.actor("a@one.example")
    _, letter = await ask(world, actor)
    owner = await world.by_ticket("b@two.example")
    row = await by_link(world, actor, letter.secret)
    assert row.proved_at is None
    async with world.db.read() as reader:
        found = await find_by_address(reader, "b@two.example")
    assert found is not None
    assert found.id == owner.person.id


async def test_the_owner_of_the_mailbox_refuses_from_any_browser(world: World) -> None:
    """Pitfall 7."""
    mallory = await world.actor("mallory@one.example")
    _, letter = await ask(world, mallory, "victim@two.example")
    async with world.db.write() as uow:
        assert await reject_by_ticket(uow, letter.secret) == "victim@two.example"
    with pytest.raises(TicketInvalid):
        await confirm_address(world.db, mallory, "victim@two.example", letter.code)
    assert mallory.person is not None
    async with world.db.read() as reader:
        assert [row.address for row in await all_addresses(reader, mallory.person.id)] == [
            "mallory@one.example"
        ]


async def test_five_wrong_codes_end_the_challenge(world: World) -> None:
    actor = await world.actor("a@one.example")
    _, letter = await ask(world, actor)
    results = await asyncio.gather(
        *(confirm_address(world.db, actor, "b@two.example", "22222222") for _ in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, sign_in.WrongCode) for each in results) == 5
    with pytest.raises(TicketInvalid):
        await confirm_address(world.db, actor, "b@two.example", letter.code)


async def test_a_new_challenge_replaces_the_one_before(world: World) -> None:
    actor = await world.actor("a@one.example")
    _, first = await ask(world, actor)
    _, second = await ask(world, actor)
    with pytest.raises(TicketInvalid):
        await by_link(world, actor, first.secret)
    await by_link(world, actor, second.secret)


async def test_a_challenge_lapses_after_an_hour(world: World, clock: Clock) -> None:
    actor = await world.actor("a@one.example")
    _, letter = await ask(world, actor)
    clock.advance(hours=1)
    with pytest.raises(TicketInvalid):
        await confirm_address(world.db, actor, "b@two.example", letter.code)
    with pytest.raises(TicketInvalid):
        await by_link(world, actor, letter.secret)


async def test_a_ticket_for_another_purpose_adds_no_address_and_stays_good(world: World) -> None:
    actor = await world.actor("a@one.example")
    assert actor.person is not None
    assert actor.session is not None
    async with world.db.write() as uow:
        secret = await issue(
            uow,
            TicketPurpose.UNSUBSCRIBE,
            robot_id=world.robot.id,
            address="b@two.example",
            person_id=actor.person.id,
            session_id=actor.session.id,
        )
    with pytest.raises(TicketInvalid):
        await by_link(world, actor, secret)
    with pytest.raises(TicketInvalid):
        await sign_in.finish_by_ticket(world.db, world.robot, secret)
    async with world.db.write() as uow:
        with pytest.raises(TicketInvalid):
            await reject_by_ticket(uow, secret)
        ticket = await redeem(uow, secret, TicketPurpose.UNSUBSCRIBE)
    assert ticket.address == "b@two.example"


async def test_a_challenge_ticket_signs_nobody_in(world: World) -> None:
    """Pitfall 45: a ticket has one purpose."""
    actor = await world.actor("a@one.example")
    _, letter = await ask(world, actor)
    with pytest.raises(TicketInvalid):
        await sign_in.finish_by_ticket(world.db, world.robot, letter.secret)


async def test_nobody_floods_a_mailbox_with_challenges(world: World) -> None:
    actor = await world.actor("a@one.example")
    for _ in range(5):
        await ask(world, actor)
    with pytest.raises(TooMany):
        await ask(world, actor)


async def test_asking_needs_a_recent_sign_in(world: World, clock: Clock) -> None:
    """Pitfalls 6 and 54."""
    actor = await world.actor("a@one.example")
    clock.advance(hours=13)
    with pytest.raises(SignInNeeded):
        await ask(world, actor)
    with pytest.raises(SignInNeeded):
        await ask(world, stranger(await make_robot(world.db, "other.test")))
