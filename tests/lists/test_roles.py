"""Who names whom, and what an office is worth."""

import pytest

from identity.actor import operator
from identity.refusal import Invalid
from lists import offices, roles
from lists.offices import ListmastersOnly
from lists.roles import LastListmaster, LastOwner, NoSuchRole, NotYoursToName
from storage.keyset import Window
from storage.tables.words import ModerationKind, RoleKind, Strength
from tests.lists.world import World

PRIVILEGED, OWNER, EDITOR = RoleKind.PRIVILEGED_OWNER, RoleKind.OWNER, RoleKind.EDITOR


async def test_each_office_names_those_below_it(world: World) -> None:
    mlist = await world.make("info")
    await world.listmaster(world.home, "lm@x.example")
    for kind in (PRIVILEGED, OWNER, EDITOR):
        await world.office(mlist, f"{kind.value}@x.example", kind)
    allowed = {
        "lm": {PRIVILEGED, OWNER, EDITOR},
        "privileged_owner": {OWNER, EDITOR},
        "owner": {EDITOR},
        "editor": set[RoleKind](),
        "eve": set[RoleKind](),
    }
    for who, kinds in allowed.items():
        for kind in (PRIVILEGED, OWNER, EDITOR):
            async with world.database.write() as uow:
                if kind in kinds:
                    role = await roles.grant(
                        uow, world.person(f"{who}@x.example"), mlist, "n@x.example", kind
                    )
                    await roles.revoke(uow, world.person(f"{who}@x.example"), role.id)
                else:
                    with pytest.raises(NotYoursToName):
                        await roles.grant(uow, world.person(f"{who}@x.example"), mlist, "n@x.example", kind)


async def test_an_office_is_held_through_any_proved_address_but_not_by_a_plain_mail(world: World) -> None:
    """Pitfall 55: a plain mail, signed or not, holds no office."""
    mlist = await world.make("info")
    await world.office(mlist, "owner@home.example")
    async with world.database.read() as reader:
        assert await offices.is_owner(reader, world.person("a@x.example", "owner@home.example"), mlist)
        weak = [
            world.person("owner@home.example", via="mail", strength=Strength.SMTP),
            world.person("owner@home.example", via="mail", strength=Strength.DKIM),
            world.person("a@x.example", "owner@home.example", link="smtp"),
            world.person("owner@home.example", robot=world.other),
            world.nobody(),
        ]
        for actor in weak:
            assert not await offices.is_owner(reader, actor, mlist)


async def test_on_a_strict_list_an_office_is_not_held_through_an_alternate(world: World) -> None:
    mlist = await world.make("info", strict_main_address="true")
    await world.office(mlist, "owner@home.example")
    async with world.database.read() as reader:
        assert not await offices.is_owner(reader, world.person("a@x.example", "owner@home.example"), mlist)
        assert await offices.is_owner(reader, world.person("owner@home.example"), mlist)


async def test_people_are_the_owners_and_messages_the_editors_business(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    owner, editor = world.person("owner@x.example"), world.person("editor@x.example")
    async with world.database.read() as reader:
        assert await offices.may_decide(reader, owner, mlist, ModerationKind.MESSAGE)
    await world.office(mlist, "editor@x.example", EDITOR)
    async with world.database.read() as reader:
        assert not await offices.may_decide(reader, owner, mlist, ModerationKind.MESSAGE)
        assert await offices.may_decide(reader, editor, mlist, ModerationKind.MESSAGE)
        assert await offices.may_decide(reader, owner, mlist, ModerationKind.SUBSCRIBE)
        assert not await offices.may_decide(reader, editor, mlist, ModerationKind.SUBSCRIBE)


async def test_naming_twice_is_one_office(world: World) -> None:
    mlist = await world.make("info")
    async with world.database.write() as uow:
        boss = operator(world.home)
        first = await roles.grant(uow, boss, mlist, "Ann@x.example", OWNER)
        second = await roles.grant(uow, boss, mlist, "ann@X.example", OWNER)
        lm = await roles.grant_listmaster(uow, boss, world.home, "ann@x.example")
        assert await roles.grant_listmaster(uow, boss, world.home, "ann@x.example") == lm
        with pytest.raises(Invalid):
            await roles.grant(uow, boss, mlist, "nobody", OWNER)
    assert first == second


async def test_a_list_keeps_an_owner_and_a_robot_a_listmaster(world: World) -> None:
    """Pitfalls 12 and 14: somebody always stays who can let others in."""
    mlist = await world.make("info")
    boss = operator(world.home)
    async with world.database.write() as uow:
        only = await roles.grant(uow, boss, mlist, "ann@x.example", OWNER)
        with pytest.raises(LastOwner):
            await roles.revoke(uow, boss, only.id)
        lm = await roles.grant_listmaster(uow, boss, world.home, "lm@x.example")
        with pytest.raises(LastListmaster):
            await roles.revoke(uow, boss, lm.id)
        with pytest.raises(ListmastersOnly):
            await roles.revoke(uow, world.person("ann@x.example"), lm.id)


async def test_one_may_give_up_ones_own_office(world: World) -> None:
    mlist = await world.make("info")
    async with world.database.write() as uow:
        mine = await roles.grant(uow, operator(world.home), mlist, "ann@x.example", OWNER)
        await roles.grant(uow, operator(world.home), mlist, "bob@x.example", OWNER)
        with pytest.raises(NotYoursToName):
            await roles.revoke(uow, world.person("bob@x.example"), mine.id)
        await roles.revoke(uow, world.person("ann@x.example"), mine.id)


async def test_an_office_of_another_robot_looks_absent(world: World) -> None:
    there = await world.make("info", world.other)
    async with world.database.write() as uow:
        role = await roles.grant(uow, operator(world.other), there, "ann@x.example", OWNER)
        await roles.grant(uow, operator(world.other), there, "bob@x.example", OWNER)
        for actor in (world.person("ann@x.example"), world.person("lm@x.example")):
            with pytest.raises(NoSuchRole):
                await roles.revoke(uow, actor, role.id)
        with pytest.raises(NoSuchRole):
            await roles.revoke(uow, world.person("ann@x.example"), 999_999)


async def test_offices_that_are_not_shown_are_for_owners_eyes(world: World) -> None:
    mlist = await world.make("info")
    async with world.database.write() as uow:
        boss = operator(world.home)
        await roles.grant(uow, boss, mlist, "a@x.example", OWNER)
        await roles.grant(uow, boss, mlist, "b@x.example", OWNER, is_shown=False)
        await roles.grant(uow, boss, mlist, "c@x.example", EDITOR)
    async with world.database.read() as reader:
        for actor, expected in ((world.nobody(), ["a"]), (world.person("a@x.example"), ["a", "b"])):
            page = await roles.roles_of_list(reader, actor, mlist, Window(10), OWNER, PRIVILEGED)
            assert [role.address[0] for role in page.rows] == expected
            assert await roles.count_of_list(reader, actor, mlist, OWNER, PRIVILEGED) == len(expected)
