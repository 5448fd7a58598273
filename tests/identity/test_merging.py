"""Two accounts become one and two again: both as before, and nothing that ended meanwhile comes back (row 134)."""

from typing import Any

import pytest
from sqlalchemy import select

from identity import merging, tokens
from identity.actor import Actor
from identity.housekeeping import tidy
from identity.ledger import effective_addresses, set_main
from identity.merging import OtherNotProved, SameAccount, TooLateToUndo, UndoTheLaterFirst
from identity.people import find_by_address
from identity.refusal import NotFound, SignInNeeded
from identity.sign_in import WrongCredentials
from storage import attributes, identities, people
from storage.merges import LEFT, MOVED
from storage.query import Query
from storage.tables.account_life import Merge
from storage.tables.base import metadata
from storage.tables.people import Person, address_holders
from storage.tables.people import people as people_table
from storage.tables.words import TokenScope
from tests.conftest import Clock
from tests.identity.world import PASSWORD, World, make_robot

A, B = "a@one.example", "b@two.example"


async def two(world: World) -> tuple[Actor, str]:
    """Somebody signed in to an account with a token, an identity and an attribute, and to another one with a password."""
    await world.person(B, password=PASSWORD)
    actor = await world.actor(A)
    other = await world.by_password(B)
    assert actor.person is not None
    for person, subject in ((actor.person, "s1"), (other.person, "s2")):
        async with world.db.write() as uow:
            await identities.add(
                uow, person_id=person.id, robot_id=None, provider="p", issuer="i", subject=subject
            )
            await attributes.put_many(uow, [attribute(person)])
    signed_in = await world.who(other.raw_token)
    assert signed_in is not None
    async with world.db.write() as uow:
        await tokens.create_token(uow, signed_in, "mine", [TokenScope.READ])
    return actor, other.raw_token


def attribute(person: Person) -> dict[str, object]:
    said = {"name": "DEPT", "values_json": '["x"]', "source": "ldap", "source_ref": "r:l"}
    return {"person_id": person.id, "robot_id": None, "expires_at": None, **said}


async def joined(world: World, actor: Actor, token: str) -> Merge:
    async with world.db.write() as uow:
        return await merging.join(uow, actor, token)


async def parted(world: World, made: Merge) -> None:
    async with world.db.write() as uow:
        await merging.undo(uow, made, robot=world.robot, actor="operator", via="cli")


async def everything(world: World) -> dict[str, list[Any]]:
    """All rows that are of a person, as they are."""
    tables = [people_table, address_holders, *(table for table, _ in MOVED.values())]
    async with world.db.read() as reader:
        return {
            table.name: await reader.all(
                Query(select(table).order_by(*table.primary_key.columns), lambda *row: row)
            )
            for table in tables
        }


async def addresses(world: World, person_id: int) -> list[str]:
    async with world.db.read() as reader:
        return [row.address for row in await effective_addresses(reader, person_id, world.robot.id)]


async def test_joined_accounts_are_one_and_after_undoing_both_are_as_before(world: World) -> None:
    actor, token = await two(world)
    before = await everything(world)
    assert actor.person is not None
    made = await joined(world, actor, token)
    assert await addresses(world, actor.person.id) == [A, B]
    done = await world.by_password(B)
    assert done.person.id == actor.person.id
    assert (await everything(world))["external_identities"] != before["external_identities"]
    await parted(world, made)
    after = await everything(world)
    after["credentials"] = [(*row[:-1], before["credentials"][0][-1]) for row in after["credentials"]]
    assert after == before


async def test_the_password_of_the_joined_account_opens_nothing_where_the_keeper_has_one(
    world: World,
) -> None:
    await world.person(A, password="another good password")
    actor, token = await two(world)
    await joined(world, actor, token)
    with pytest.raises(WrongCredentials):
        await world.by_password(B)
    assert (await world.by_password(B, "another good password")).person.main_address == A


async def test_a_joined_account_has_no_session_and_no_token_of_its_own_any_more(world: World) -> None:
    actor, token = await two(world)
    await joined(world, actor, token)
    assert await world.who(token) is None


async def test_what_ended_while_the_accounts_were_one_stays_ended(world: World) -> None:
    actor, token = await two(world)
    made = await joined(world, actor, token)
    both = await world.who((await world.by_ticket(A)).raw_token)
    assert both is not None
    async with world.db.write() as uow:
        mine = await tokens.list_tokens(uow, both)
        await tokens.revoke(uow, both, mine[0].id)
    await parted(world, made)
    other = await world.who((await world.by_password(B)).raw_token)
    assert other is not None
    async with world.db.read() as reader:
        assert await tokens.list_tokens(reader, other) == []


async def test_the_keepers_main_address_is_the_old_one_again(world: World) -> None:
    actor, token = await two(world)
    made = await joined(world, actor, token)
    both = await world.actor(B)
    assert both.person is not None
    async with world.db.write() as uow:
        rows = await effective_addresses(uow, both.person.id, world.robot.id)
        await set_main(uow, both, next(row.id for row in rows if row.address == B))
    await parted(world, made)
    async with world.db.read() as reader:
        keeper = await people.find(reader, both.person.id)
    assert keeper is not None
    assert keeper.main_address == A
    assert await addresses(world, keeper.id) == [A]


async def test_the_other_account_has_to_be_proved_lately_and_here(world: World, clock: Clock) -> None:
    actor, token = await two(world)
    elsewhere = World(world.db, await make_robot(world.db, "other.test"))
    foreign = (await elsewhere.by_ticket("c@three.example")).raw_token
    for wrong in ("", "nonsense", foreign):
        with pytest.raises(OtherNotProved):
            await joined(world, actor, wrong)
    with pytest.raises(SameAccount):
        await joined(world, actor, (await world.by_ticket(A)).raw_token)
    clock.advance(hours=13)
    with pytest.raises(SignInNeeded):
        await joined(world, actor, token)
    with pytest.raises(OtherNotProved):
        await joined(world, await world.actor(A), token)


async def test_after_thirty_days_the_other_account_is_gone_for_good(world: World, clock: Clock) -> None:
    actor, token = await two(world)
    made = await joined(world, actor, token)
    clock.advance(days=31)
    with pytest.raises(TooLateToUndo):
        await parted(world, made)
    async with world.db.write() as uow:
        await tidy(uow)
    async with world.db.read() as reader:
        assert await people.find(reader, made.gone_id or 0) is None
    assert actor.person is not None
    assert await addresses(world, actor.person.id) == [A, B]


async def test_proving_an_address_anew_does_not_take_the_way_back(world: World) -> None:
    actor, token = await two(world)
    made = await joined(world, actor, token)
    await world.by_ticket(B)
    await parted(world, made)
    async with world.db.read() as reader:
        found = await find_by_address(reader, B)
    assert found is not None
    assert found.id == made.gone_id


async def test_joinings_are_undone_from_the_last_one_on(world: World) -> None:
    actor, token = await two(world)
    first = await joined(world, actor, token)
    third = (await world.by_ticket("c@three.example")).raw_token
    second = await joined(world, actor, third)
    with pytest.raises(UndoTheLaterFirst):
        await parted(world, first)
    await parted(world, second)
    await parted(world, first)
    with pytest.raises(TooLateToUndo):
        await parted(world, first)


async def test_nobody_undoes_what_is_not_theirs(world: World) -> None:
    actor, token = await two(world)
    made = await joined(world, actor, token)
    stranger = await world.actor("c@three.example")
    async with world.db.write() as uow:
        with pytest.raises(NotFound):
            await merging.undo_own(uow, stranger, made.id)


def test_every_table_that_is_of_people_goes_over_or_is_said_to_stay() -> None:
    of_people = {
        table.name
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "people"
    }
    assert of_people == {*MOVED} | LEFT
