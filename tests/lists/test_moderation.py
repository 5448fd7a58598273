"""What waits is decided once, by those who may, and what was decided happens."""

import asyncio

import pytest

from identity import tickets
from identity.actor import operator
from identity.tickets import TicketInvalid
from lists import membership, moderation, roles, waiting
from lists.moderation import AlreadyDecided, NoSuchItem, NotForYou, NotThisWay
from storage import memberships
from storage import moderation as stored
from storage.keyset import Window
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem
from storage.tables.words import ModerationKind, ModerationState, Reception, RoleKind, TicketPurpose
from tests.lists.world import World

APPROVED, REJECTED, DISCARDED = (
    ModerationState.APPROVED,
    ModerationState.REJECTED,
    ModerationState.DISCARDED,
)


async def wish(world: World, mlist: MailingList, address: str) -> ModerationItem:
    async with world.database.write() as uow:
        await membership.subscribe(uow, world.person(address), mlist, reception=Reception.NOTICE)
        found = await stored.waiting_for(uow, mlist.id, ModerationKind.SUBSCRIBE, address)
    assert found is not None
    return found


async def guarded(world: World) -> MailingList:
    mlist = await world.make("info", subscribe="owner", unsubscribe="owner")
    await world.office(mlist, "owner@x.example")
    return mlist


async def test_an_approved_wish_joins_as_it_was_wished(world: World) -> None:
    mlist = await guarded(world)
    item = await wish(world, mlist, "ann@x.example")
    async with world.database.write() as uow:
        taken = await moderation.decide_request(uow, world.person("owner@x.example"), item, APPROVED)
        made = await memberships.find(uow, mlist.id, "ann@x.example")
    assert made is not None
    assert made.reception is Reception.NOTICE
    assert (taken.state, taken.decided_by) == (APPROVED, "owner@x.example")
    assert (await world.mails())[-1].to == "ann@x.example"


async def test_a_refused_wish_is_told_with_its_reason_and_a_discarded_one_is_not(world: World) -> None:
    mlist = await guarded(world)
    for address, state in (("ann@x.example", REJECTED), ("bob@x.example", DISCARDED)):
        item = await wish(world, mlist, address)
        async with world.database.write() as uow:
            await moderation.decide_request(uow, world.person("owner@x.example"), item, state, "Not today.")
    told = [mail for mail in await world.mails() if mail.to in ("ann@x.example", "bob@x.example")]
    assert [mail.to for mail in told] == ["ann@x.example"]
    assert "Not today." in told[0].text


async def test_an_approved_departure_leaves(world: World) -> None:
    mlist = await guarded(world)
    await world.put(mlist, "ann@x.example")
    async with world.database.write() as uow:
        await membership.unsubscribe_address(uow, world.person("ann@x.example"), mlist)
        item = await stored.waiting_for(uow, mlist.id, ModerationKind.UNSUBSCRIBE, "ann@x.example")
        assert item is not None
        await moderation.decide_request(uow, world.person("owner@x.example"), item, APPROVED)
        assert await memberships.find(uow, mlist.id, "ann@x.example") is None


async def test_of_many_at_the_same_time_one_decides_and_the_others_learn_who(world: World) -> None:
    mlist = await guarded(world)
    for n in range(6):
        await world.office(mlist, f"o{n}@x.example")
    item = await wish(world, mlist, "ann@x.example")

    async def decide(n: int) -> str:
        try:
            async with world.database.write() as uow:
                await moderation.decide_request(uow, world.person(f"o{n}@x.example"), item, APPROVED)
        except AlreadyDecided as late:
            return f"{late.code}: {late.message}"
        return f"o{n}@x.example"

    answers = await asyncio.gather(*(decide(n) for n in range(6)))
    [winner] = [answer for answer in answers if answer.startswith("o")]
    assert answers.count(f"CONFLICT: This was already approved by {winner}.") == 5
    assert sum(mail.to == "ann@x.example" for mail in await world.mails()) == 1


async def test_items_of_lists_that_are_not_mine_look_absent(world: World) -> None:
    mlist = await guarded(world)
    there = await world.make("info", world.other)
    await world.office(there, "eve@x.example")
    item = await wish(world, mlist, "ann@x.example")
    async with world.database.write() as uow:
        for actor in (
            world.person("ann@x.example"),
            world.person("eve@x.example", robot=world.other),
            world.person("owner@x.example", robot=world.other),
            world.nobody(),
        ):
            with pytest.raises(NoSuchItem):
                await moderation.decide_request(uow, actor, item, APPROVED)
            with pytest.raises(NotForYou):
                await moderation.waiting_items(uow, actor, mlist, Window(5))
    async with world.database.read() as reader:
        unchanged = await stored.by_id(reader, item.id)
    assert unchanged == item


async def test_editors_see_messages_and_owners_see_people(world: World) -> None:
    mlist = await guarded(world)
    await world.office(mlist, "editor@x.example", RoleKind.EDITOR)
    await wish(world, mlist, "ann@x.example")
    async with world.database.write() as uow:
        held = await waiting.hold(
            uow, world.home, mlist, ModerationKind.MESSAGE, author="bob@x.example", subject="Hello"
        )
    async with world.database.read() as reader:
        for address, kind in (("owner@x.example", "subscribe"), ("editor@x.example", "message")):
            page = await moderation.waiting_items(reader, world.person(address), mlist, Window(5))
            assert [item.kind.value for item in page.rows] == [kind]
            assert await moderation.count_of_waiting(reader, world.person(address), mlist) == 1
    async with world.database.write() as uow:
        with pytest.raises(NotThisWay):
            await moderation.decide_request(uow, world.person("editor@x.example"), held, APPROVED)
        with pytest.raises(NoSuchItem):
            await moderation.take(uow, world.person("owner@x.example"), held, APPROVED)
        await moderation.take(uow, world.person("editor@x.example"), held, APPROVED)


async def test_a_notice_is_good_for_its_reader_as_long_as_they_hold_the_office(world: World) -> None:
    mlist = await guarded(world)
    await wish(world, mlist, "ann@x.example")
    [notice] = await world.mails()
    async with world.database.write() as uow:
        ticket = await tickets.redeem(uow, notice.secret, TicketPurpose.MODERATE)
        actor, item, found = await moderation.moderator_by_ticket(uow, ticket)
        assert (actor.sender, item.author, found) == ("owner@x.example", "ann@x.example", mlist)
        await roles.grant(uow, operator(world.home), mlist, "new@x.example", RoleKind.OWNER)
        [role] = [one for one in await waiting.deciders(uow, mlist, item.kind) if one.address[0] == "o"]
        await roles.revoke(uow, operator(world.home), role.id)
        with pytest.raises(TicketInvalid):
            await moderation.moderator_by_ticket(uow, ticket)


async def test_who_wants_no_notices_gets_none(world: World) -> None:
    mlist = await world.make("info", subscribe="owner")
    async with world.database.write() as uow:
        boss = operator(world.home)
        await roles.grant(uow, boss, mlist, "quiet@x.example", RoleKind.OWNER, reception=Reception.NOMAIL)
        await roles.grant(uow, boss, mlist, "loud@x.example", RoleKind.OWNER)
        await roles.grant(uow, boss, mlist, "loud@x.example", RoleKind.PRIVILEGED_OWNER)
    await wish(world, mlist, "ann@x.example")
    assert [mail.to for mail in await world.mails()] == ["loud@x.example"]


async def test_what_waits_comes_oldest_first_page_by_page(world: World) -> None:
    mlist = await guarded(world)
    for n in range(5):
        await wish(world, mlist, f"p{n}@x.example")
    owner = world.person("owner@x.example")
    async with world.database.read() as reader:
        first = await moderation.waiting_items(reader, owner, mlist, Window(2))
        last = first.rows[-1]
        second = await moderation.waiting_items(
            reader, owner, mlist, Window(2, after=(last.received_at, last.id))
        )
        one = await moderation.waiting_items(reader, owner, mlist, Window(5), author="p3@x.example")
    assert [item.author[:2] for item in (*first.rows, *second.rows)] == ["p0", "p1", "p2", "p3"]
    assert (first.has_more, second.has_more, len(one.rows)) == (True, True, 1)
