"""An address is changed everywhere by whom it belongs to, and only to an address that says yes itself."""

from dataclasses import replace

import pytest

from identity import tickets
from identity.actor import Actor, operator
from identity.refusal import Refused
from lists import moving
from lists.authorize import Rejected
from lists.robot_settings import update_robot
from storage import memberships, roles
from storage.tables.lists import MailingList
from storage.tables.words import RoleKind, Strength, TicketPurpose
from tests.lists.world import World

OLD, NEW, OTHER = "old@x.example", "new@y.example", "eve@evil.example"


async def on(world: World, mlist: MailingList) -> list[str]:
    async with world.database.read() as reader:
        return sorted([each.address async for each in memberships.whole_list(reader, mlist.id)])


async def move(world: World, actor: Actor, current: str = OLD, new: str = NEW) -> moving.Moved:
    async with world.database.write() as uow:
        return await moving.move_user(uow, actor, current, new)


async def test_both_addresses_being_ones_own_it_is_done_at_once(world: World) -> None:
    info, news, far = await world.make("info"), await world.make("news"), await world.make("far", world.other)
    for mlist in (info, news, far):
        await world.put(mlist, OLD)
    await world.office(info, OLD, RoleKind.OWNER)
    outcome = await move(world, world.person(OLD, NEW))
    assert (outcome.count, outcome.waits) == (3, False)
    assert (await on(world, info), await on(world, news), await on(world, far)) == ([NEW], [NEW], [OLD])
    async with world.database.read() as reader:
        assert [role.address for role in await roles.of_list(reader, info.id)] == [NEW]
    assert ("address_moved", OLD, NEW) in await world.events()


async def test_a_new_address_that_is_not_proved_is_asked_itself(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, OLD)
    outcome = await move(world, world.person(OLD))
    assert (outcome.count, outcome.waits) == (0, True)
    assert await on(world, mlist) == [OLD]
    [asked] = await world.mails()
    assert asked.to == NEW
    async with world.database.write() as uow:
        ticket = await tickets.redeem(uow, asked.secret, TicketPurpose.REQUEST)
        done = await moving.move_by_ticket(uow, ticket)
    assert done.count == 1
    assert await on(world, mlist) == [NEW]


@pytest.mark.parametrize("who", [(OTHER,), (NEW,), (OTHER, NEW)])
async def test_attack_nobody_moves_an_address_that_is_not_theirs(world: World, who: tuple[str, ...]) -> None:
    mlist = await world.make("info")
    await world.put(mlist, OLD)
    with pytest.raises(Rejected):
        await move(world, world.person(*who))
    assert await on(world, mlist) == [OLD]
    assert await world.mails() == []


async def test_attack_a_forged_mail_moves_nothing(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, OLD)
    with pytest.raises(Refused):
        await move(world, world.person(OLD, via="mail", strength=Strength.SMTP), new=OTHER)
    assert await on(world, mlist) == [OLD]
    assert await world.mails() == []


async def test_a_domain_may_forbid_it_also_after_the_question_was_asked(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, OLD)
    await move(world, world.person(OLD))
    async with world.database.write() as uow:
        world.home = await update_robot(uow, operator(world.home), world.home, {"move_user": "closed"})
    with pytest.raises(Rejected):
        await move(world, world.person(OLD, NEW))
    [asked] = await world.mails()
    with pytest.raises(Rejected):
        async with world.database.write() as uow:
            await moving.move_by_ticket(uow, await tickets.redeem(uow, asked.secret))
    assert await on(world, mlist) == [OLD]


async def test_a_listmaster_asks_the_new_address_and_the_operator_does_not(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, OLD)
    await world.listmaster(world.home, "lm@x.example")
    assert (await move(world, world.person("lm@x.example"))).waits
    assert await on(world, mlist) == [OLD]
    assert (await move(world, operator(world.home))).count == 1
    assert await on(world, mlist) == [NEW]


async def test_row_65_a_moderated_member_stays_moderated_under_the_new_address(world: World) -> None:
    info, news = await world.make("info"), await world.make("news")
    await world.put(info, OLD)
    await world.put(news, OLD, NEW)
    async with world.database.write() as uow:
        for mlist in (info, news):
            found = await memberships.find(uow, mlist.id, OLD)
            assert found is not None
            await memberships.change(uow, replace(found, is_moderated=True))
    await move(world, world.person(OLD, NEW))
    async with world.database.read() as reader:
        for mlist in (info, news):
            moved = await memberships.find(reader, mlist.id, NEW)
            assert moved is not None
            assert moved.is_moderated
    assert await on(world, news) == [NEW]


async def test_row_106_lists_where_only_the_main_address_counts_are_left_alone(world: World) -> None:
    mild, strict = (
        await world.make("mild"),
        await world.make("strict", alt_email_policy="membership:MAIN_ONLY"),
    )
    for mlist in (mild, strict):
        await world.put(mlist, OLD)
    await move(world, world.person(NEW, OLD))
    assert (await on(world, mild), await on(world, strict)) == ([NEW], [OLD])
    await move(world, world.person(OLD, NEW))
    assert await on(world, strict) == [NEW]
