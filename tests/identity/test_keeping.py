"""Before an address stops counting its person is told through another one, once, and can show that it is still theirs (row 119)."""

import pytest

from identity import keeping
from identity.actor import Actor
from identity.challenge import confirm_address, link_address
from identity.ledger import all_addresses, effective_addresses, prove
from identity.people import find_by_address
from identity.tickets import TicketInvalid
from storage import alerts
from storage.tables.account_life import AlertKind
from storage.tables.words import AddressSource, Strength
from tests.conftest import Clock
from tests.identity.world import World

MAIN, OTHER = "a@one.example", "b@two.example"


async def with_alternate(world: World) -> Actor:
    """Somebody whose main address never lapses, and whose alternate one counts for a year."""
    actor = await world.actor(MAIN)
    async with world.db.write() as uow:
        await link_address(uow, actor, OTHER)
    await confirm_address(world.db, actor, OTHER, (await world.mails(OTHER))[-1].code)
    return actor


async def addresses(world: World, actor: Actor) -> list[str]:
    assert actor.person is not None
    async with world.db.read() as reader:
        return [row.address for row in await effective_addresses(reader, actor.person.id, world.robot.id)]


async def test_the_warning_goes_to_another_address_once_and_not_before_its_time(
    world: World, clock: Clock
) -> None:
    actor = await with_alternate(world)
    clock.advance(days=350)
    assert await keeping.warn_of_lapsing(world.db) == 0
    clock.advance(days=2)
    mailed = len(await world.mails(OTHER))
    assert await keeping.warn_of_lapsing(world.db) == 1
    assert await keeping.warn_of_lapsing(world.db) == 0
    assert OTHER in (await world.mails(MAIN))[-1].text
    assert len(await world.mails(OTHER)) == mailed
    assert actor.person is not None
    async with world.db.read() as reader:
        told = await alerts.waiting(reader, actor.person.id)
    assert [(each.kind, each.address_key) for each in told] == [(AlertKind.ADDRESS_LAPSES, OTHER)]


async def test_the_button_asks_the_address_itself_whose_yes_counts_for_a_year(
    world: World, clock: Clock
) -> None:
    actor = await with_alternate(world)
    clock.advance(days=352)
    await keeping.warn_of_lapsing(world.db)
    warning = (await world.mails(MAIN))[-1].secret
    with pytest.raises(TicketInvalid):
        async with world.db.write() as uow:
            await keeping.keep_address(uow, warning)
    async with world.db.write() as uow:
        assert await keeping.ask_address(uow, warning) == OTHER
    question = (await world.mails(OTHER))[-1].secret
    async with world.db.write() as uow:
        assert await keeping.keep_address(uow, question) == OTHER
    clock.advance(days=364)
    assert await addresses(world, actor) == [MAIN, OTHER]
    clock.advance(days=2)
    assert await addresses(world, actor) == [MAIN]


async def test_whoever_reads_the_mailbox_now_takes_the_address_out_of_a_strangers_account(
    world: World, clock: Clock
) -> None:
    """Pitfall 4: a mailbox that was given to somebody else."""
    actor = await with_alternate(world)
    clock.advance(days=352)
    await keeping.warn_of_lapsing(world.db)
    async with world.db.write() as uow:
        await keeping.ask_address(uow, (await world.mails(MAIN))[-1].secret)
    async with world.db.write() as uow:
        await keeping.give_up_address(uow, (await world.mails(OTHER))[-1].secret)
    assert await addresses(world, actor) == [MAIN]
    async with world.db.read() as reader:
        assert await find_by_address(reader, OTHER) is None


async def test_somebody_with_no_other_address_is_asked_there_while_it_still_counts(
    world: World, clock: Clock
) -> None:
    person = await world.person(MAIN, proved=False)
    async with world.db.write() as uow:
        until = uow.now + 90 * 86_400_000_000
        await prove(
            uow,
            person.id,
            MAIN,
            source=AddressSource.CHALLENGE,
            strength=Strength.MD5,
            expires_at=until,
        )
    clock.advance(days=80)
    await keeping.warn_of_lapsing(world.db)
    async with world.db.write() as uow:
        await keeping.keep_address(uow, (await world.mails(MAIN))[-1].secret)
    async with world.db.read() as reader:
        rows = await all_addresses(reader, person.id)
    assert max(row.expires_at or 0 for row in rows) > until


async def test_an_address_that_another_source_still_vouches_for_does_not_lapse(
    world: World, clock: Clock
) -> None:
    actor = await with_alternate(world)
    assert actor.person is not None
    async with world.db.write() as uow:
        await prove(
            uow, actor.person.id, OTHER, source=AddressSource.ADMIN, source_ref="x", strength=Strength.MD5
        )
    clock.advance(days=352)
    assert await keeping.warn_of_lapsing(world.db) == 0


async def test_what_lapsed_is_over_whatever_its_ticket_says(world: World, clock: Clock) -> None:
    actor = await with_alternate(world)
    clock.advance(days=352)
    await keeping.warn_of_lapsing(world.db)
    secret = (await world.mails(MAIN))[-1].secret
    clock.advance(days=14)
    async with world.db.write() as uow:
        with pytest.raises(TicketInvalid):
            await keeping.ask_address(uow, secret)
    assert await addresses(world, actor) == [MAIN]
