"""The ledger: only proved, unexpired addresses count, and each is with one person."""

import asyncio

import pytest

from identity import ledger
from identity.entrance import actor_for_mail
from identity.people import create_person, find_by_address
from identity.refusal import Forbidden, Invalid, NotFound, SignInNeeded, Taken
from storage.tables.people import Person
from storage.tables.words import AddressSource, Strength
from tests.conftest import Clock
from tests.identity.world import CHALLENGE, World, make_robot

DAY = 86_400_000_000


async def prove(
    world: World,
    person: Person,
    address: str,
    *,
    source: AddressSource = CHALLENGE,
    strength: Strength = Strength.MD5,
    robot_id: int | None = None,
    days: int | None = None,
    ref: str = "",
) -> int:
    async with world.db.write() as uow:
        row = await ledger.prove(
            uow,
            person.id,
            address,
            source=source,
            strength=strength,
            source_ref=ref,
            robot_id=robot_id,
            expires_at=None if days is None else uow.now + days * DAY,
        )
    return row.id


async def open_connections(world: World, n: int) -> None:
    """Have PostgreSQL's pool at its full size, so that transactions really run beside each other."""

    async def hold() -> None:
        async with world.db.read():
            await asyncio.sleep(0.3)

    await asyncio.gather(*(hold() for _ in range(n)))


async def counting(world: World, person: Person, robot_id: int | None = None) -> list[str]:
    async with world.db.read() as reader:
        return [row.address for row in await ledger.effective_addresses(reader, person.id, robot_id)]


async def test_a_claim_grants_nothing(world: World) -> None:
    person = await world.person("a@one.example")
    async with world.db.write() as uow:
        await ledger.add_candidate(uow, person.id, "b@two.example", source=CHALLENGE)
    assert await counting(world, person, world.robot.id) == ["a@one.example"]
    async with world.db.read() as reader:
        assert await find_by_address(reader, "b@two.example", robot_id=world.robot.id) is None
        actor = await actor_for_mail(reader, world.robot, "b@two.example", Strength.DKIM)
        assert actor.person is None
        assert actor.addresses == ("b@two.example",)
        shown = await ledger.all_addresses(reader, person.id)
    assert [(row.address, row.proved_at is None) for row in shown] == [
        ("a@one.example", False),
        ("b@two.example", True),
    ]


async def test_a_claim_does_not_weaken_what_is_proved(world: World) -> None:
    person = await world.person("a@one.example")
    await prove(world, person, "b@two.example", days=365)
    async with world.db.write() as uow:
        row = await ledger.add_candidate(uow, person.id, "b@two.example", source=CHALLENGE)
    assert row.proved_at is not None
    assert await counting(world, person) == ["a@one.example", "b@two.example"]


async def test_an_address_counts_until_the_instant_it_expires(world: World, clock: Clock) -> None:
    """Pitfall 4."""
    person = await world.person("a@one.example")
    await prove(world, person, "b@two.example", days=10)
    clock.advance(days=9.999)
    assert await counting(world, person) == ["a@one.example", "b@two.example"]
    clock.advance(days=0.001)
    assert await counting(world, person) == ["a@one.example"]
    async with world.db.read() as reader:
        assert await find_by_address(reader, "b@two.example") is None


async def test_a_confirmation_in_between_extends_and_one_too_late_does_not(
    world: World, clock: Clock
) -> None:
    person = await world.person("a@one.example")
    await prove(world, person, "b@two.example", days=365)
    clock.advance(days=364)
    async with world.db.write() as uow:
        await ledger.confirm(uow, person.id, "B@two.example")
    clock.advance(days=300)
    assert "b@two.example" in await counting(world, person)
    clock.advance(days=66)
    async with world.db.write() as uow:
        await ledger.confirm(uow, person.id, "b@two.example")
    assert "b@two.example" not in await counting(world, person)


async def test_when_one_of_two_sources_expires_the_other_still_speaks(world: World, clock: Clock) -> None:
    person = await world.person("a@one.example")
    await prove(world, person, "b@two.example", source=AddressSource.LDAP, ref="campus", days=5)
    await prove(world, person, "b@two.example", days=365)
    assert await counting(world, person) == ["a@one.example", "b@two.example"]
    clock.advance(days=6)
    assert await counting(world, person) == ["a@one.example", "b@two.example"]


async def test_the_strongest_row_of_an_address_is_the_one_that_counts(world: World) -> None:
    person = await world.person("a@one.example")
    await prove(world, person, "b@two.example", days=365)
    await prove(
        world, person, "b@two.example", source=AddressSource.X509_SAN, strength=Strength.SMIME, days=9
    )
    async with world.db.read() as reader:
        row = await ledger.effective_row(reader, person.id, None, "b@two.example")
    assert row is not None
    assert row.strength is Strength.SMIME


async def test_what_one_robots_provider_says_counts_in_that_robot_only(world: World) -> None:
    other = await make_robot(world.db, "other.test")
    person = await world.person("a@one.example")
    await prove(world, person, "b@two.example", source=AddressSource.LDAP, robot_id=world.robot.id)
    assert await counting(world, person, world.robot.id) == ["a@one.example", "b@two.example"]
    assert await counting(world, person, other.id) == ["a@one.example"]
    assert await counting(world, person, None) == ["a@one.example"]
    async with world.db.read() as reader:
        assert await find_by_address(reader, "b@two.example", robot_id=other.id) is None
        assert await find_by_address(reader, "b@two.example") is None


async def test_a_proved_address_stays_with_its_person(world: World) -> None:
    alice, mallory = await world.person("alice@one.example"), await world.person("mallory@one.example")
    with pytest.raises(Taken):
        await prove(world, mallory, "Alice@ONE.example")
    with pytest.raises(Taken):
        await world.person("alice@one.example")
    assert await counting(world, mallory) == ["mallory@one.example"]
    assert await counting(world, alice) == ["alice@one.example"]


async def test_an_address_goes_over_when_everything_of_its_former_holder_lapsed(
    world: World, clock: Clock
) -> None:
    """Pitfall 4."""
    former, later = await world.person("a@one.example"), await world.person("b@one.example")
    await prove(world, former, "c@one.example", days=10)
    await prove(world, former, "c@one.example", source=AddressSource.LDAP, ref="campus", days=20)
    clock.advance(days=15)
    with pytest.raises(Taken):
        await prove(world, later, "c@one.example")
    clock.advance(days=6)
    await prove(world, later, "c@one.example", days=365)
    assert await counting(world, later) == ["b@one.example", "c@one.example"]
    with pytest.raises(Taken):
        await prove(world, former, "c@one.example")


async def test_a_mailbox_proof_outranks_another_robots_directory_and_never_the_reverse(world: World) -> None:
    """Pitfalls 1 and 3: a tenant's directory plants an address."""
    tenant = await make_robot(world.db, "tenant.test")
    async with world.db.write() as uow:
        planted = await create_person(
            uow, "victim@corp.example", source=AddressSource.LDAP, proved=True, robot_id=tenant.id
        )
    done = await world.by_ticket("victim@corp.example")
    assert done.person.id != planted.id
    assert await counting(world, planted, tenant.id) == []
    with pytest.raises(Taken):
        await prove(world, planted, "victim@corp.example", source=AddressSource.LDAP, robot_id=tenant.id)


async def test_two_who_prove_an_address_at_once_do_not_both_get_it(world: World) -> None:
    people = [await world.person(f"p{n}@one.example") for n in range(8)]
    await open_connections(world, len(people))
    results = await asyncio.gather(
        *(prove(world, each, "shared@one.example") for each in people), return_exceptions=True
    )
    assert sum(isinstance(each, int) for each in results) == 1
    assert sum(isinstance(each, Taken) for each in results) == 7
    holders = [each for each in people if "shared@one.example" in await counting(world, each)]
    assert len(holders) == 1


async def test_of_many_who_take_over_a_lapsed_address_at_once_one_gets_it(world: World, clock: Clock) -> None:
    former = await world.person("f@one.example")
    people = [await world.person(f"p{n}@one.example") for n in range(8)]
    await prove(world, former, "shared@one.example", days=1)
    clock.advance(days=2)
    await open_connections(world, len(people))
    results = await asyncio.gather(
        *(prove(world, each, "shared@one.example") for each in people), return_exceptions=True
    )
    assert sum(isinstance(each, int) for each in results) == 1
    holders = [each for each in people if "shared@one.example" in await counting(world, each)]
    assert len(holders) == 1


async def test_an_account_has_at_most_fifty_addresses(world: World) -> None:
    person = await world.person("a0@one.example")
    async with world.db.write() as uow:
        for n in range(1, 50):
            await ledger.add_candidate(uow, person.id, f"a{n}@one.example", source=CHALLENGE)
        with pytest.raises(Invalid):
            await ledger.add_candidate(uow, person.id, "a50@one.example", source=CHALLENGE)
        again = await ledger.add_candidate(uow, person.id, "a49@one.example", source=CHALLENGE)
    assert again.address == "a49@one.example"


async def test_unlinking_takes_the_privileges_away_at_once(world: World) -> None:
    """Pitfall 48."""
    person = await world.person("a@one.example")
    row_id = await prove(world, person, "b@two.example", days=365)
    under_b = await world.by_ticket("b@two.example")
    assert under_b.person.id == person.id
    actor = await world.actor("a@one.example")
    async with world.db.write() as uow:
        await ledger.unlink(uow, actor, row_id)
    assert await world.who(under_b.raw_token) is None
    assert await counting(world, person) == ["a@one.example"]
    newcomer = await world.by_ticket("b@two.example")
    assert newcomer.person.id != person.id


async def test_the_main_address_cannot_be_unlinked(world: World) -> None:
    actor = await world.actor("a@one.example")
    assert actor.person is not None
    async with world.db.write() as uow:
        rows = await ledger.all_addresses(uow, actor.person.id)
        with pytest.raises(Forbidden, match="main address"):
            await ledger.unlink(uow, actor, rows[0].id)


async def test_the_last_address_in_force_cannot_be_unlinked(world: World, clock: Clock) -> None:
    """Pitfall 12."""
    async with world.db.write() as uow:
        person = await create_person(uow, "a@one.example", proved=True, expires_at=uow.now + DAY)
    row_id = await prove(world, person, "b@two.example", days=365)
    clock.advance(days=2)
    actor = await world.actor("b@two.example")
    async with world.db.write() as uow:
        with pytest.raises(Forbidden, match="last way"):
            await ledger.unlink(uow, actor, row_id)


async def test_nobody_unlinks_the_address_of_somebody_else(world: World) -> None:
    alice = await world.person("alice@one.example")
    row_id = await prove(world, alice, "b@two.example")
    mallory = await world.actor("mallory@one.example")
    async with world.db.write() as uow:
        with pytest.raises(NotFound):
            await ledger.unlink(uow, mallory, row_id)
        with pytest.raises(NotFound):
            await ledger.set_main(uow, mallory, row_id)
    assert "b@two.example" in await counting(world, alice)


async def test_only_an_address_in_force_becomes_the_main_one(world: World, clock: Clock) -> None:
    actor = await world.actor("a@one.example")
    assert actor.person is not None
    lapsed = await prove(world, actor.person, "old@two.example", days=1)
    good = await prove(world, actor.person, "new@two.example", days=365)
    clock.advance(days=2)
    actor = await world.actor("a@one.example")
    assert actor.person is not None
    async with world.db.write() as uow:
        claim = await ledger.add_candidate(uow, actor.person.id, "c@two.example", source=CHALLENGE)
        for row_id in (lapsed, claim.id):
            with pytest.raises(ledger.NotInForce):
                await ledger.set_main(uow, actor, row_id)
        changed = await ledger.set_main(uow, actor, good)
    assert changed.main_address == "new@two.example"
    assert await counting(world, actor.person) == ["new@two.example", "a@one.example"]


async def test_changing_ones_addresses_needs_a_recent_sign_in(world: World, clock: Clock) -> None:
    """Pitfall 54."""
    actor = await world.actor("a@one.example")
    assert actor.person is not None
    row_id = await prove(world, actor.person, "b@two.example")
    clock.advance(hours=13)
    async with world.db.write() as uow:
        with pytest.raises(SignInNeeded):
            await ledger.unlink(uow, actor, row_id)
        with pytest.raises(SignInNeeded):
            await ledger.set_main(uow, actor, row_id)
