"""Names of addresses are made and forgotten in parts, however many there are, and every part counts."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from federation import named
from federation.own_keys import ensured, rotate
from storage import federation_handles, memberships
from storage.database import Database
from storage.tables.lists import MailingList
from tests.conftest import Clock
from tests.federation.asking_world import Asker, asker, names_of
from tests.lists.world import World, world_in

PEOPLE = [f"p{number}@x.example" for number in range(7)]


@pytest.fixture
async def world(database: Database) -> World:
    return await world_in(database)


@pytest.fixture
async def other(database: Database) -> Asker:
    return await asker(database)


@pytest.fixture
async def news(world: World) -> MailingList:
    mlist = await world.make("news", visibility="noconceal")
    await world.put(mlist, *PEOPLE)
    return mlist


async def kept(other: Asker) -> int:
    async with other.db.read() as reader:
        return await names_of(reader, other.peer.id)


async def named_now(other: Asker, addresses: Iterable[str]) -> set[str]:
    """Those that have a name under the keys of now."""
    async with other.db.read() as reader:
        wanted = [other.handle(each) for each in addresses]
        found = await federation_handles.find(reader, other.peer.id, [" ".join(other.kids)], wanted)
    return {key for _, _, key in found}


@pytest.mark.parametrize("at_once", [1, 2, 7, 100])
async def test_all_are_named_in_parts_of_any_size(
    world: World, other: Asker, news: MailingList, at_once: int
) -> None:
    await named.fill(other.db, other.peer, other.own, at_once=at_once)
    assert await named_now(other, [*PEOPLE, "nobody@x.example"]) == {*PEOPLE}
    assert await kept(other) == len(PEOPLE)


@pytest.mark.parametrize("at_once", [1, 2, 100])
async def test_who_moved_is_named_anew_and_who_left_is_forgotten(
    world: World, other: Asker, news: MailingList, at_once: int
) -> None:
    await named.tidy(other.db)
    async with other.db.write() as uow:
        for each in PEOPLE[1:6]:
            found = await memberships.find(uow, news.id, each)
            assert found is not None
            await memberships.change(uow, replace(found, address=f"new-{each}", address_key=f"new-{each}"))
    assert await named.tidy(other.db, at_once=at_once) == 1
    moved = {f"new-{each}" for each in PEOPLE[1:6]}
    assert await named_now(other, [*PEOPLE, *moved]) == {PEOPLE[0], PEOPLE[6], *moved}
    assert await kept(other) == len(PEOPLE)


async def test_names_under_former_keys_are_forgotten_once_nobody_can_use_them(
    world: World, other: Asker, news: MailingList, clock: Clock
) -> None:
    async with other.db.write() as uow:
        await rotate(uow)
    await named.tidy(other.db, at_once=2)
    clock.advance(days=7)
    await named.tidy(other.db, at_once=2)
    assert await kept(other) == 2 * len(PEOPLE)
    clock.advance(days=7)
    await named.tidy(other.db, at_once=2)
    assert await kept(other) == len(PEOPLE)
    async with other.db.write() as uow:
        other.own = await ensured(uow)
        assert len(await federation_handles.pairs_of(uow, other.peer.id)) == 1
    assert await named_now(other, PEOPLE) == {*PEOPLE}
