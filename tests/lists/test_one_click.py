"""The one-click link takes exactly one membership off its list, for ever, and tells nothing."""

import pytest

from lists import one_click
from storage import memberships
from storage.tables.lists import MailingList, Membership
from tests.conftest import Clock
from tests.lists.world import World


async def member(world: World, mlist: MailingList, address: str) -> Membership:
    async with world.database.read() as reader:
        found = await memberships.find(reader, mlist.id, address)
    assert found is not None
    return found


async def test_the_link_works_years_later_and_takes_only_its_membership(world: World, clock: Clock) -> None:
    one, two = await world.make("one"), await world.make("two")
    for mlist in (one, two):
        await world.put(mlist, "ann@x.example", "bob@x.example")
    ann = await member(world, one, "ann@x.example")
    token = one_click.token(world.database.site, one.id, ann.id)
    clock.advance(days=4_000)
    async with world.database.write() as uow:
        assert await one_click.unsubscribe_one_click(uow, token) == "ann@x.example"
        assert await one_click.unsubscribe_one_click(uow, token) is None
        left = await memberships.of_keys(uow, [one.id, two.id], ["ann@x.example", "bob@x.example"])
    assert {(each.list_id, each.address) for each in left} == {
        (one.id, "bob@x.example"),
        (two.id, "ann@x.example"),
        (two.id, "bob@x.example"),
    }
    assert ("unsubscribed", "ann@x.example", "ann@x.example") in await world.events()


@pytest.mark.parametrize("text", ["", "x", "A" * 43, "A" * 10_000, "ü" * 43, "=" * 43, "a/b+c", "\0"])
async def test_a_foreign_token_does_nothing(world: World, text: str) -> None:
    async with world.database.write() as uow:
        assert await one_click.unsubscribe_one_click(uow, text) is None


async def test_no_bit_of_a_token_can_be_changed(world: World) -> None:
    """Pitfall 45."""
    mlist = await world.make("one")
    await world.put(mlist, "ann@x.example", "bob@x.example")
    ann = await member(world, mlist, "ann@x.example")
    token = one_click.token(world.database.site, mlist.id, ann.id)
    async with world.database.write() as uow:
        for position in range(len(token) - 1):
            other = "A" if token[position] != "A" else "B"
            forged = token[:position] + other + token[position + 1 :]
            assert await one_click.unsubscribe_one_click(uow, forged) is None
        assert await one_click.unsubscribe_one_click(uow, token) == "ann@x.example"


async def test_a_number_is_never_given_to_somebody_else_later(world: World) -> None:
    mlist = await world.make("one")
    await world.put(mlist, "ann@x.example")
    ann = await member(world, mlist, "ann@x.example")
    token = one_click.token(world.database.site, mlist.id, ann.id)
    async with world.database.write() as uow:
        await one_click.unsubscribe_one_click(uow, token)
    await world.put(mlist, "bob@x.example")
    async with world.database.write() as uow:
        assert await one_click.unsubscribe_one_click(uow, token) is None
    await member(world, mlist, "bob@x.example")
