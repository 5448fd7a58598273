"""An account goes when nothing uses any of its addresses, after a while and a mail, or when its person says so (row 129)."""

import pytest

from identity import life_mails, merging, passwords, removal, tickets, tokens
from identity.actor import Actor, founder
from identity.challenge import confirm_address, link_address
from identity.ledger import effective_addresses
from identity.people import create_person, find_by_address
from identity.refusal import SignInNeeded
from identity.removal import InOffice
from identity.tickets import TicketInvalid
from lists import account_removal
from storage import ledger, memberships, people, removals
from storage.tables.account_life import RemovalReason
from storage.tables.people import Person
from storage.tables.words import TicketPurpose, TokenScope
from tests.conftest import Clock
from tests.identity.world import PASSWORD
from tests.identity.world import World as Entrance
from tests.lists.world import World

A, B = "a@one.example", "b@two.example"


def entrance(world: World) -> Entrance:
    """The same world for those who sign in."""
    return Entrance(world.database, world.home)


async def with_two_addresses(world: World) -> Person:
    """Somebody with two proved addresses, whose session has ended long ago."""
    door = entrance(world)
    actor = await door.actor(A)
    async with world.database.write() as uow:
        await link_address(uow, actor, B)
    await confirm_address(world.database, actor, B, (await door.mails(B))[-1].code)
    assert actor.person is not None
    return actor.person


async def sweep(world: World) -> int:
    return await account_removal.sweep(world.database, founder())


async def is_there(world: World, person: Person) -> bool:
    async with world.database.read() as reader:
        return await people.find(reader, person.id) is not None


async def is_marked(world: World, person: Person) -> bool:
    async with world.database.read() as reader:
        return await removals.find(reader, person.id) is not None


async def test_an_account_stays_as_long_as_one_of_its_addresses_is_subscribed(
    world: World, clock: Clock
) -> None:
    """The row's own story: a's last subscription ends while b is subscribed; then b's; the address is free again."""
    person = await with_two_addresses(world)
    mlist = await world.make("talk")
    await world.put(mlist, B)
    # Longer than the address counts: its subscription keeps the account all the same.
    clock.advance(days=400)
    await sweep(world)
    assert not await is_marked(world, person)
    async with world.database.write() as uow:
        member = await memberships.find(uow, mlist.id, B)
        assert member is not None
        await memberships.remove(uow, mlist.id, member.id)
    await sweep(world)
    assert await is_marked(world, person)
    assert "will be removed" in (await entrance(world).mails(A))[-1].text
    clock.advance(days=29)
    await sweep(world)
    assert await is_there(world, person)
    clock.advance(days=1)
    await sweep(world)
    assert not await is_there(world, person)
    again = (await entrance(world).by_ticket(A)).person
    assert again.id != person.id
    async with world.database.read() as reader:
        rows = await effective_addresses(reader, again.id, world.home.id)
        assert [row.address for row in rows] == [A]
        assert await find_by_address(reader, B) is None


@pytest.mark.parametrize("keeps", ["membership", "office", "listmaster", "request", "token", "password"])
async def test_each_of_these_keeps_an_account(world: World, clock: Clock, keeps: str) -> None:
    person = await with_two_addresses(world)
    clock.advance(days=400)
    mlist = await world.make("talk")
    door = entrance(world)
    match keeps:
        case "membership":
            await world.put(mlist, B)
        case "office":
            await world.office(mlist, B)
        case "listmaster":
            await world.listmaster(world.other, A)
        case "request":
            async with world.database.write() as uow:
                await tickets.issue(
                    uow,
                    TicketPurpose.SUBSCRIBE,
                    robot_id=world.home.id,
                    list_id=mlist.id,
                    address=B,
                )
        case "token":
            actor = await door.actor(A)
            async with world.database.write() as uow:
                await tokens.create_token(uow, actor, "mine", [TokenScope.READ], expires_at=None)
        case _:
            secret_hash = await passwords.hash_password(PASSWORD)
            async with world.database.write() as uow:
                await passwords.keep(uow, person.id, secret_hash)
    await sweep(world)
    assert not await is_marked(world, person)


async def test_signing_in_or_subscribing_during_the_grace_keeps_the_account(
    world: World, clock: Clock
) -> None:
    person = await with_two_addresses(world)
    clock.advance(days=400)
    await sweep(world)
    assert await is_marked(world, person)
    await entrance(world).by_ticket(A)
    assert not await is_marked(world, person)
    clock.advance(days=400)
    await sweep(world)
    assert await is_marked(world, person)
    await world.put(await world.make("talk"), B)
    clock.advance(days=31)
    assert await sweep(world) == 0
    assert await is_there(world, person)
    assert not await is_marked(world, person)


async def test_a_new_account_is_left_alone(world: World, clock: Clock) -> None:
    async with world.database.write() as uow:
        person = await create_person(uow, A, proved=True)
    clock.advance(days=364)
    await sweep(world)
    assert not await is_marked(world, person)


async def asked(world: World, actor: Actor) -> str:
    async with world.database.write() as uow:
        await removal.ask(uow, actor)
    return (await entrance(world).mails(A))[-1].secret


async def test_a_person_removes_their_account_with_a_ticket_and_leaves_their_lists(world: World) -> None:
    person = await with_two_addresses(world)
    mlist = await world.make("talk")
    await world.put(mlist, A, B)
    actor = await entrance(world).actor(A)
    secret = await asked(world, actor)
    assert await is_there(world, person)
    async with world.database.write() as uow:
        found = await account_removal.remove_by_ticket(uow, secret)
    assert [each.leaves for each in found] == [True, True]
    assert not await is_there(world, person)
    assert ("account_removed", A, A) in await world.events()
    assert {address for event, _, address in await world.events() if event == "unsubscribed"} == {A, B}
    with pytest.raises(TicketInvalid):
        async with world.database.write() as uow:
            await account_removal.remove_by_ticket(uow, secret)


async def test_a_list_that_nobody_may_leave_keeps_the_address(world: World) -> None:
    await with_two_addresses(world)
    mlist = await world.make("staff", unsubscribe="closed")
    await world.put(mlist, B)
    secret = await asked(world, await entrance(world).actor(A))
    async with world.database.write() as uow:
        found = await account_removal.remove_by_ticket(uow, secret)
    assert [(each.membership.address, each.leaves) for each in found] == [(B, False)]


async def test_who_owns_something_hands_it_over_first(world: World) -> None:
    await with_two_addresses(world)
    actor = await entrance(world).actor(A)
    secret = await asked(world, actor)
    await world.office(await world.make("talk"), B)
    for act in (removal.ask, None):
        with pytest.raises(InOffice):
            async with world.database.write() as uow:
                if act is None:
                    await account_removal.remove_by_ticket(uow, secret)
                else:
                    await act(uow, actor)


async def test_removing_needs_a_recent_sign_in(world: World, clock: Clock) -> None:
    actor = await entrance(world).actor(A)
    clock.advance(hours=13)
    with pytest.raises(SignInNeeded):
        await asked(world, actor)


async def test_the_operators_removal_ends_when_the_person_joins_something(world: World, clock: Clock) -> None:
    person = await with_two_addresses(world)
    for joins, goes in ((True, False), (False, True)):
        async with world.database.write() as uow:
            await removal.mark(uow, person, RemovalReason.OPERATOR, actor="operator", via="cli")
        clock.advance(days=1)
        if joins:
            await world.put(await world.make("talk"), A)
        clock.advance(days=30)
        assert await sweep(world) == goes
        assert await is_there(world, person) is not goes


async def test_the_grace_is_told_with_its_day(world: World, clock: Clock) -> None:
    async with world.database.write() as uow:
        await life_mails.about_to_go(uow, world.home, A, due=1_900_000_000_000_000)
    assert "17 Mar 2030" in (await entrance(world).mails(A))[-1].text


async def test_what_was_joined_to_an_account_goes_along(world: World) -> None:
    door = entrance(world)
    gone = (await door.by_ticket(B)).person
    keeper = (await door.by_ticket(A)).person
    async with world.database.write() as uow:
        await merging.merge(uow, world.home, keeper, gone, actor=A, via="web")
        await account_removal.remove_account(uow, founder(), keeper, reason="operator")
    assert not await is_there(world, keeper)
    assert not await is_there(world, gone)


async def test_the_number_of_somebody_who_is_gone_is_never_given_again(world: World) -> None:
    """What was noted under it, such as ids that a client keeps, would be the next person's."""
    person = (await entrance(world).by_ticket(A)).person
    async with world.database.write() as uow:
        await account_removal.remove_account(uow, founder(), person, reason="operator")
        assert (await create_person(uow, A, proved=True)).id > person.id


async def test_who_has_a_lapsed_main_address_now_is_not_told_of_another_account(
    world: World, clock: Clock
) -> None:
    person = await with_two_addresses(world)
    clock.advance(days=400)
    async with world.database.write() as uow:
        await ledger.release(uow, person.id, A)
        other = await create_person(uow, A, proved=True)
        mailed = len(await entrance(world).mails(A))
    await world.put(await world.make("talk"), A)
    await sweep(world)
    assert await is_marked(world, person)
    assert not await is_marked(world, other)
    assert len(await entrance(world).mails(A)) == mailed
