"""Joining and leaving, for oneself and for others, as the scenario says and no further."""

from dataclasses import replace
from typing import TypeVar

import pytest

from identity import tickets
from identity.actor import operator
from identity.refusal import Invalid, SignInNeeded, TooMany
from identity.tickets import TicketInvalid
from lists import mailing_lists, membership
from lists.authorize import Rejected
from lists.membership import ListNotOpen, NoSuchMembership, SubscribeOutcome, UnsubscribeOutcome
from storage import memberships
from storage.tables.words import Reception, RoleKind, Strength, TicketPurpose, Visibility
from tests.lists.world import World

Outcome = TypeVar("Outcome", SubscribeOutcome, UnsubscribeOutcome)


def unnumbered(outcome: Outcome) -> Outcome:
    """An outcome without the id under which its decision is kept, which no two share."""
    assert len(outcome.decision.id) == 26
    return replace(outcome, decision=replace(outcome.decision, id=""))


async def test_an_open_list_takes_its_new_member_at_once_and_greets_it(world: World) -> None:
    mlist = await world.make("info", subscribe="open")
    async with world.database.write() as uow:
        outcome = await membership.subscribe(
            uow,
            world.person("Ann@X.example"),
            mlist,
            reception=Reception.NOT_ME,
            visibility=Visibility.CONCEAL,
            display_name="Ann",
            attributes={"floor": "3"},
        )
    made = outcome.membership
    assert made is not None
    assert outcome.decision.scenario == "open"
    assert (made.address, made.address_key, made.domain) == ("Ann@x.example", "ann@x.example", "x.example")
    assert (made.reception, made.visibility, made.display_name) == (
        Reception.NOT_ME,
        Visibility.CONCEAL,
        "Ann",
    )
    [mail] = await world.mails()
    assert (mail.to, mail.reverse_path) == ("Ann@x.example", "info-owner@a.example")
    assert mail.message.first("Auto-Submitted") == "auto-generated"
    assert mail.message.first("List-Id") == "<info.a.example>"
    assert ("subscribed", "Ann@X.example", "Ann@x.example") in await world.events()


async def test_being_on_the_list_already_is_no_error(world: World) -> None:
    mlist = await world.make("info")
    actor = world.person("ann@x.example")
    async with world.database.write() as uow:
        first = await membership.subscribe(uow, actor, mlist)
    async with world.database.write() as uow:
        second = await membership.subscribe(uow, actor, mlist, reception=Reception.NOMAIL)
    assert first.membership == second.membership is not None
    assert len(await world.mails()) == 1


async def test_the_main_address_joins_when_none_is_named(world: World) -> None:
    mlist = await world.make("info")
    actor = world.person("ann@x.example", "ann@home.example")
    async with world.database.write() as uow:
        outcome = await membership.subscribe(uow, actor, mlist)
        alternate = await membership.subscribe(uow, actor, mlist, address="ann@home.example")
    assert outcome.membership is not None
    assert outcome.membership.address == "ann@x.example"
    assert alternate.membership is not None
    assert alternate.membership.address == "ann@home.example"


async def test_a_stranger_must_name_an_address(world: World) -> None:
    mlist = await world.make("info")
    async with world.database.write() as uow:
        with pytest.raises(SignInNeeded):
            await membership.subscribe(uow, world.nobody(), mlist)
        with pytest.raises(Invalid):
            await membership.subscribe(uow, world.nobody(), mlist, address="not an address")


@pytest.mark.parametrize("policy", ["open", "auth", "owner", "auth_owner"])
async def test_nobody_subscribes_an_address_that_is_not_theirs(world: World, policy: str) -> None:
    mlist = await world.make("info", subscribe=policy)
    for actor in (world.nobody(), world.person("eve@x.example")):
        async with world.database.write() as uow:
            outcome = await membership.subscribe(uow, actor, mlist, address="ann@x.example")
        assert outcome.membership is None
        assert outcome.waits_for == "confirmation"
        assert (outcome.decision.action, outcome.decision.argument) == ("request_auth", "[email]")
    async with world.database.read() as reader:
        assert await memberships.find(reader, mlist.id, "ann@x.example") is None
    assert {mail.to for mail in await world.mails()} == {"ann@x.example"}
    assert {mail.reverse_path for mail in await world.mails()} == {""}


async def test_the_answer_about_somebody_else_never_tells_whether_they_are_on_the_list(world: World) -> None:
    """Pitfall 47."""
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    answers = []
    for address in ("ann@x.example", "bob@x.example"):
        async with world.database.write() as uow:
            answers.append(await membership.subscribe(uow, world.nobody(), mlist, address=address))
    assert unnumbered(answers[0]) == unnumbered(answers[1])
    there, absent = await world.mails()
    assert "already subscribed" in there.text
    assert "/t/" in absent.text


async def test_a_confirmed_ticket_joins_with_the_wishes_that_were_made(world: World) -> None:
    mlist = await world.make("info", subscribe="auth")
    async with world.database.write() as uow:
        await membership.subscribe(
            uow, world.nobody(), mlist, address="ann@x.example", reception=Reception.TXT, display_name="Ann"
        )
    [mail] = await world.mails()
    async with world.database.write() as uow:
        ticket = await tickets.redeem(uow, mail.secret, TicketPurpose.SUBSCRIBE)
        outcome = await membership.subscribe_by_ticket(uow, ticket)
    assert outcome.membership is not None
    assert (outcome.membership.reception, outcome.membership.display_name) == (Reception.TXT, "Ann")


async def test_a_confirmed_wish_is_still_held_where_owners_decide(world: World) -> None:
    mlist = await world.make("info", subscribe="auth_owner")
    await world.office(mlist, "owner@x.example")
    async with world.database.write() as uow:
        await membership.subscribe(uow, world.nobody(), mlist, address="ann@x.example")
    [mail] = await world.mails()
    async with world.database.write() as uow:
        ticket = await tickets.redeem(uow, mail.secret)
        outcome = await membership.subscribe_by_ticket(uow, ticket)
    assert (outcome.membership, outcome.waits_for) == (None, "moderation")
    assert [each.to for each in await world.mails()] == ["ann@x.example", "owner@x.example"]


async def test_a_ticket_is_refused_by_a_list_that_was_closed_meanwhile(world: World) -> None:
    mlist = await world.make("info", subscribe="auth")
    async with world.database.write() as uow:
        await membership.subscribe(uow, world.nobody(), mlist, address="ann@x.example")
    [mail] = await world.mails()
    async with world.database.write() as uow:
        await mailing_lists.update_settings(uow, operator(world.home), mlist, {"subscribe": "closed"})
    async with world.database.write() as uow:
        ticket = await tickets.redeem(uow, mail.secret)
        with pytest.raises(Rejected):
            await membership.subscribe_by_ticket(uow, ticket)


async def test_a_ticket_of_one_robot_opens_nothing_in_another(world: World) -> None:
    there = await world.make("info", world.other)
    async with world.database.write() as uow:
        secret = await tickets.issue(
            uow,
            TicketPurpose.SUBSCRIBE,
            robot_id=world.home.id,
            list_id=there.id,
            address="ann@x.example",
            payload={"preapproved": True},
        )
        with pytest.raises(TicketInvalid):
            await membership.subscribe_by_ticket(uow, await tickets.redeem(uow, secret))


async def test_a_held_wish_waits_once_however_often_it_is_made(world: World) -> None:
    mlist = await world.make("info", subscribe="owner")
    await world.office(mlist, "owner@x.example")
    for _ in range(3):
        async with world.database.write() as uow:
            outcome = await membership.subscribe(uow, world.person("ann@x.example"), mlist)
        assert outcome.waits_for == "moderation"
    [mail] = await world.mails()
    assert mail.to == "owner@x.example"
    assert "ann@x.example" in mail.text
    assert mail.secret


async def test_a_refusal_says_why_and_leaves_nothing(world: World) -> None:
    mlist = await world.make("info", subscribe="closed")
    async with world.database.write() as uow:
        with pytest.raises(Rejected, match="write to its -owner") as caught:
            await membership.subscribe(uow, world.person("ann@x.example"), mlist)
    assert caught.value.decision.line is not None
    assert await world.mails() == []


async def test_a_closed_list_takes_nobody(world: World) -> None:
    mlist = await world.make("info")
    async with world.database.write() as uow:
        shut = await mailing_lists.close_list(uow, operator(world.home), mlist)
        with pytest.raises(ListNotOpen):
            await membership.subscribe(uow, world.person("ann@x.example"), shut)


async def test_a_notifying_rule_tells_the_owners(world: World) -> None:
    mlist = await world.make("info", subscribe="open_notify")
    await world.office(mlist, "owner@x.example")
    async with world.database.write() as uow:
        await membership.subscribe(uow, world.person("ann@x.example"), mlist)
    assert [mail.to for mail in await world.mails()] == ["ann@x.example", "owner@x.example"]


async def test_a_quiet_rule_greets_nobody(world: World) -> None:
    mlist = await world.make("info", subscribe="open_quiet")
    async with world.database.write() as uow:
        outcome = await membership.subscribe(uow, world.person("ann@x.example"), mlist)
    assert outcome.membership is not None
    assert await world.mails() == []


async def test_a_mailbox_cannot_be_flooded_with_confirmations(world: World) -> None:
    mlist = await world.make("info")
    with pytest.raises(TooMany):
        for _ in range(10):
            async with world.database.write() as uow:
                await membership.subscribe(uow, world.nobody(), mlist, address="ann@x.example")
    assert len(await world.mails()) == 5


async def test_leaving_is_done_at_once_by_oneself(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@home.example")
    actor = world.person("ann@x.example", "ann@home.example")
    async with world.database.write() as uow:
        found = await memberships.find(uow, mlist.id, "ann@home.example")
        assert found is not None
        outcome = await membership.unsubscribe(uow, actor, found)
    assert outcome.removed == found
    async with world.database.write() as uow:
        assert await memberships.find(uow, mlist.id, "ann@home.example") is None
        with pytest.raises(NoSuchMembership):
            await membership.unsubscribe_address(uow, actor, mlist, "ann@home.example")
    [mail] = await world.mails()
    assert "no longer subscribed" in mail.text


async def test_nobody_takes_somebody_else_off_a_list(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    answers = []
    for address in ("ann@x.example", "absent@x.example"):
        async with world.database.write() as uow:
            answers.append(
                await membership.unsubscribe_address(uow, world.person("eve@x.example"), mlist, address)
            )
    assert unnumbered(answers[0]) == unnumbered(answers[1])
    assert answers[0].waits_for == "confirmation"
    asked, told = await world.mails()
    assert (asked.to, told.to) == ("ann@x.example", "absent@x.example")
    async with world.database.write() as uow:
        ticket = await tickets.redeem(uow, asked.secret, TicketPurpose.UNSUBSCRIBE)
        done = await membership.unsubscribe_by_ticket(uow, ticket)
    assert done.removed is not None
    assert done.removed.address == "ann@x.example"


async def test_a_session_of_another_robot_is_a_stranger_to_its_own_membership(world: World) -> None:
    mlist = await world.make("info")
    await world.put(mlist, "ann@x.example")
    async with world.database.write() as uow:
        found = await memberships.find(uow, mlist.id, "ann@x.example")
        assert found is not None
        outcome = await membership.unsubscribe(uow, world.person("ann@x.example", robot=world.other), found)
    assert (outcome.removed, outcome.waits_for) == (None, "confirmation")


async def test_owners_may_be_asked_before_somebody_leaves(world: World) -> None:
    mlist = await world.make("info", unsubscribe="owner")
    await world.office(mlist, "owner@x.example", RoleKind.PRIVILEGED_OWNER)
    await world.put(mlist, "ann@x.example")
    async with world.database.write() as uow:
        outcome = await membership.unsubscribe_address(uow, world.person("ann@x.example"), mlist)
    assert outcome.waits_for == "moderation"
    assert [mail.to for mail in await world.mails()] == ["owner@x.example"]


async def test_a_plain_mail_is_asked_to_confirm_where_the_rule_says_so(world: World) -> None:
    mlist = await world.make("info", subscribe="auth")
    mail = world.person("ann@x.example", via="mail", strength=Strength.SMTP)
    async with world.database.write() as uow:
        outcome = await membership.subscribe(uow, mail, mlist)
    assert (outcome.membership, outcome.waits_for) == (None, "confirmation")
