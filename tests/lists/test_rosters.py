"""Owners add, remove and invite; a scenario is asked for each address."""

import pytest

from identity import tickets
from identity.tickets import TicketInvalid
from lists import membership, rosters
from lists.authorize import Rejected
from lists.rosters import TooManyAtOnce
from storage import memberships
from storage.tables.words import Strength, TicketPurpose
from tests.lists.world import World


async def test_an_owner_adds_several_and_a_bad_one_stops_nobody(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    await world.put(mlist, "old@x.example")
    async with world.database.write() as uow:
        outcome = await rosters.add(
            uow,
            world.person("boss@x.example", "owner@x.example"),
            mlist,
            ["ann@x.example", "no address", "Old@x.example"],
        )
    assert [one.address for one in outcome.done] == ["ann@x.example"]
    assert outcome.already == ["old@x.example"]
    assert [(one.position, one.address, one.code) for one in outcome.problems] == [
        (1, "no address", "INVALID")
    ]
    assert [mail.to for mail in await world.mails()] == ["ann@x.example"]


async def test_quiet_adding_greets_nobody(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    assert await world.mails() == []


async def test_who_may_not_add_is_refused_and_nothing_changes(world: World) -> None:
    mlist = await world.make("info")
    there = await world.make("info", world.other)
    await world.office(there, "eve@x.example")
    async with world.database.write() as uow:
        with pytest.raises(Rejected):
            await rosters.add(uow, world.person("eve@x.example"), mlist, ["ann@x.example"])
        assert await memberships.find(uow, mlist.id, "ann@x.example") is None


async def test_more_than_a_hundred_at_once_is_an_import(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    async with world.database.write() as uow:
        with pytest.raises(TooManyAtOnce):
            await rosters.add(
                uow, world.person("owner@x.example"), mlist, [f"p{n}@x.example" for n in range(101)]
            )


async def test_memberships_of_another_list_are_not_removed(world: World) -> None:
    here, there = await world.make("info"), await world.make("info", world.other)
    await world.office(here, "owner@x.example")
    await world.put(here, "ann@x.example")
    await world.put(there, "ann@x.example")
    async with world.database.write() as uow:
        mine = await memberships.find(uow, here.id, "ann@x.example")
        foreign = await memberships.find(uow, there.id, "ann@x.example")
        assert mine is not None
        assert foreign is not None
        outcome = await rosters.remove_memberships(
            uow, world.person("owner@x.example"), here, [foreign.id, mine.id, 999_999]
        )
        assert await memberships.by_id(uow, foreign.id) is not None
    assert [one.id for one in outcome.done] == [mine.id]
    assert [(one.position, one.code) for one in outcome.problems] == [(0, "NOT_FOUND"), (2, "NOT_FOUND")]
    assert [mail.to for mail in await world.mails()] == ["ann@x.example"]


async def test_a_plain_mail_in_an_owners_name_adds_nobody_before_it_is_confirmed(world: World) -> None:
    mlist = await world.make("info")
    await world.office(mlist, "owner@x.example")
    forged = world.person("owner@x.example", via="mail", strength=Strength.SMTP)
    async with world.database.write() as uow:
        outcome = await rosters.add(uow, forged, mlist, ["ann@x.example"])
        assert (outcome.done, outcome.asked) == ([], ["ann@x.example"])
    [mail] = await world.mails()
    assert mail.to == "owner@x.example"
    async with world.database.write() as uow:
        ticket = await tickets.redeem(uow, mail.secret, TicketPurpose.REQUEST)
        done = await rosters.carry_out(uow, ticket)
    assert [one.address for one in done.done] == ["ann@x.example"]


async def test_a_request_ticket_with_an_unknown_act_does_nothing(world: World) -> None:
    mlist = await world.make("info")
    async with world.database.write() as uow:
        secret = await tickets.issue(
            uow,
            TicketPurpose.REQUEST,
            robot_id=world.home.id,
            list_id=mlist.id,
            address="owner@x.example",
            payload={"act": "destroy", "address": "ann@x.example"},
        )
        with pytest.raises(TicketInvalid):
            await rosters.carry_out(uow, await tickets.redeem(uow, secret))


async def test_an_owners_invitation_opens_a_list_that_owners_guard(world: World) -> None:
    mlist = await world.make("info", subscribe="owner")
    await world.office(mlist, "owner@x.example")
    async with world.database.write() as uow:
        await rosters.invite(uow, world.person("owner@x.example"), mlist, ["ann@x.example"])
    [mail] = await world.mails()
    async with world.database.write() as uow:
        ticket = await tickets.redeem(uow, mail.secret, TicketPurpose.INVITATION)
        outcome = await membership.subscribe_by_ticket(uow, ticket)
    assert outcome.membership is not None
    assert outcome.membership.address == "ann@x.example"


async def test_a_subscribers_invitation_goes_through_the_subscribe_scenario(world: World) -> None:
    mlist = await world.make("info", subscribe="owner", invite="private")
    await world.office(mlist, "owner@x.example")
    await world.put(mlist, "bob@x.example")
    async with world.database.write() as uow:
        await rosters.invite(uow, world.person("bob@x.example"), mlist, ["ann@x.example", "owner@x.example"])
    invited = next(mail for mail in await world.mails() if mail.to == "ann@x.example")
    async with world.database.write() as uow:
        outcome = await membership.subscribe_by_ticket(uow, await tickets.redeem(uow, invited.secret))
    assert (outcome.membership, outcome.waits_for) == (None, "moderation")


async def test_an_inviter_does_not_learn_who_is_on_the_list(world: World) -> None:
    mlist = await world.make("info", invite="public")
    await world.put(mlist, "ann@x.example")
    async with world.database.write() as uow:
        outcome = await rosters.invite(
            uow, world.person("eve@x.example"), mlist, ["ann@x.example", "bob@x.example"]
        )
    assert (outcome.asked, outcome.already) == (["ann@x.example", "bob@x.example"], [])
    assert [mail.to for mail in await world.mails()] == ["ann@x.example", "bob@x.example"]
