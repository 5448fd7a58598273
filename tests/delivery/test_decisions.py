"""Held and moderated messages: who decides goes first, and the message that goes on is the one that came."""

import re

import pytest

from delivery.moderation import decide
from delivery.posts import AlreadySent, NotYourAddress, confirm, post
from delivery.reception import receive
from identity import tickets
from identity.actor import Actor, stranger
from identity.entrance import actor_for_mail
from identity.people import create_person
from identity.refusal import SignInNeeded
from lists.moderation import AlreadyDecided
from mail.message import parse_message
from storage import deliveries, moderation, posts
from storage.database import Database
from storage.tables.lists import MailingList, Robot
from storage.tables.mail import ModerationItem
from storage.tables.words import MessageState, ModerationState, Strength
from tests.delivery.test_flow import a_list, a_message, mails_to, posts_of


async def a_waiting_message(database: Database) -> tuple[Robot, MailingList, ModerationItem]:
    robot, mlist = await a_list(database, send="editorkey")
    await receive(database, "x@example.net", mlist.address, a_message("x@example.net"))
    async with database.read() as reader:
        item = await moderation.by_id(reader, 1)
    assert item is not None
    return robot, mlist, item


async def someone(database: Database, robot: Robot, address: str) -> Actor:
    async with database.write() as uow:
        await create_person(uow, address, proved=True, strength=Strength.MD5)
        return await actor_for_mail(uow, robot, address, Strength.MD5)


async def test_an_approved_message_goes_out_as_it_came(database: Database) -> None:
    robot, mlist, item = await a_waiting_message(database)
    carol = await someone(database, robot, "carol@example.edu")
    async with database.write() as uow:
        await decide(uow, carol, mlist, item, ModerationState.APPROVED)
    (delivery,) = await posts_of(database, mlist)
    async with database.read() as reader:
        raw = await deliveries.outgoing(reader, delivery.id) or b""
        stored = await posts.find(reader, item.message_id or 0)
    assert parse_message(raw).body == parse_message(a_message()).body
    assert stored is not None
    assert stored.state is MessageState.DISTRIBUTED
    assert stored.archived_at is not None


async def test_the_second_editor_hears_that_it_is_done(database: Database) -> None:
    robot, mlist, item = await a_waiting_message(database)
    carol = await someone(database, robot, "carol@example.edu")
    async with database.write() as uow:
        await decide(uow, carol, mlist, item, ModerationState.DISCARDED)
    async with database.write() as uow:
        with pytest.raises(AlreadyDecided, match=re.escape("carol@example.edu")):
            await decide(uow, carol, mlist, item, ModerationState.APPROVED)
    assert await posts_of(database, mlist) == []


async def test_a_rejected_author_is_told_the_editors_reason(database: Database) -> None:
    robot, mlist, item = await a_waiting_message(database)
    carol = await someone(database, robot, "carol@example.edu")
    async with database.write() as uow:
        await decide(
            uow, carol, mlist, item, ModerationState.REJECTED, reason="Please ask on the other list."
        )
    (mail,) = await mails_to(database, "x@example.net")
    assert "Please ask on the other list." in mail


async def test_a_held_message_goes_on_once_its_author_has_said_so(database: Database) -> None:
    _, mlist = await a_list(database, send="privatekey")
    await receive(database, "m0@example.edu", mlist.address, a_message())
    (mail,) = await mails_to(database, "m0@example.edu")
    secret = re.search(r"/t/(\S+)", mail)
    assert secret is not None
    async with database.write() as uow:
        ticket = await tickets.redeem(uow, secret[1])
        outcome = await confirm(uow, ticket, int(tickets.payload(ticket)["message"]))
        with pytest.raises(AlreadySent):
            await confirm(uow, ticket, int(tickets.payload(ticket)["message"]))
    assert outcome.delivery_id is not None
    assert len(await posts_of(database, mlist)) == 1


async def test_a_post_through_the_api_is_written_under_ones_own_address_only(database: Database) -> None:
    robot, mlist = await a_list(database)
    member = await someone(database, robot, "m0@example.edu")
    async with database.write() as uow:
        outcome = await post(uow, member, mlist, subject="Héllo", text="A line.")
        assert outcome.delivery_id is not None
        with pytest.raises(NotYourAddress):
            await post(uow, member, mlist, subject="x", text="y", sender="m1@example.edu")
        with pytest.raises(SignInNeeded):
            await post(uow, stranger(robot), mlist, subject="x", text="y")


async def test_a_refused_post_through_the_api_names_the_rule(database: Database) -> None:
    robot, mlist = await a_list(database)
    outsider = await someone(database, robot, "x@example.net")
    async with database.write() as uow:
        outcome = await post(uow, outsider, mlist, subject="x", text="y")
    assert (outcome.delivery_id, outcome.moderation_id) == (None, None)
    assert "send.private, line" in outcome.reason
