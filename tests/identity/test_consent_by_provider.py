"""A provider vouches for an address that another account has: its holder is asked, once in a while, and decides (rows 103, 117)."""

from identity import consent, linking
from identity.consent import MOVE
from identity.ledger import effective_addresses
from identity.provider import Evidence
from storage import alerts
from storage.tables.account_life import AlertKind
from storage.tables.words import AddressSource
from tests.conftest import Clock
from tests.identity.papers import Mill
from tests.identity.test_consent import owner_of_two

SHARED = "shared@corp.example"
ALONE = {"subject": "x", "addresses": [["x@mill.example", True]]}
WITH_SHARED = {"subject": "x", "addresses": [["x@mill.example", True], [SHARED, True]]}


async def test_the_holder_is_asked_once_in_ninety_days_and_their_yes_moves_the_address(
    mill: Mill, clock: Clock
) -> None:
    world = mill.world
    owner = await owner_of_two(world, SHARED)
    assert owner.person is not None
    done = await mill.done(ALONE)
    before = len(await world.mails("b@one.example"))
    await mill.done(WITH_SHARED)
    await mill.done(WITH_SHARED)
    letters = await world.mails("b@one.example")
    assert len(letters) == before + 1
    async with world.db.read() as reader:
        told = await alerts.waiting(reader, owner.person.id)
    assert [each.kind for each in told] == [AlertKind.SECOND_ACCOUNT]
    clock.advance(days=91)
    await mill.done(WITH_SHARED)
    letters = await world.mails("b@one.example")
    assert len(letters) == before + 2
    async with world.db.write() as uow:
        await consent.answer(uow, letters[-1].secret, None, MOVE)
    async with world.db.read() as reader:
        mine = await effective_addresses(reader, done.person.id, world.robot.id)
        theirs = await effective_addresses(reader, owner.person.id, world.robot.id)
    [row] = [each for each in mine if each.address == SHARED]
    assert row.source is not AddressSource.CHALLENGE
    assert row.robot_id == world.robot.id
    assert SHARED not in [each.address for each in theirs]


async def test_a_way_to_sign_in_that_is_added_is_told_in_the_account_and_a_first_one_is_not(
    mill: Mill,
) -> None:
    new = await mill.done(ALONE)
    async with mill.world.db.read() as reader:
        assert await alerts.waiting(reader, new.person.id) == []


async def test_a_way_to_sign_in_that_is_added_to_an_account_is_told_in_it(mill: Mill, clock: Clock) -> None:
    """Whoever had the account before learns of it."""
    person = await mill.world.person("x@mill.example")
    clock.advance(days=1)
    entry = await mill.entry()
    async with mill.world.db.write() as uow:
        await linking.attach(uow, mill.robot, entry, Evidence("mill", "s-x"), person)
        told = await alerts.waiting(uow, person.id)
    assert [(each.kind, "The mill" in each.detail) for each in told] == [(AlertKind.IDENTITY_LINKED, True)]
