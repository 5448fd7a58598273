"""Posts by mail that are templates: filled in for each recipient where their author may write such, and never else."""

import re
from dataclasses import replace

import pytest

from delivery.authentication.dmarc import Policy
from delivery.evidence import Evidence
from delivery.moderation import decide
from delivery.posts import confirm
from delivery.reception import receive
from identity import tickets
from identity.actor import operator
from identity.people import create_person
from mail.message import author, parse_message
from mail.status import Reply
from storage import moderation
from storage.database import Database
from storage.tables.lists import MailingList, Robot
from storage.tables.words import ModerationState
from tests.delivery.test_flow import a_list, mails_to, posts_of
from tests.delivery.test_personal import sent, two_members, with_settings, words_of
from tests.delivery.test_protection import VIA

TEXT = "Dear {{ person.name }}, you are {{ person.email }}."
FILLED = "Dear Žofie, you are p0@example.edu."


# A mail whose author is certain enough to hold an office; a signature of their domain alone is not.
PROVED = Evidence("smime", author_domain="example.edu")
SIGNED = Evidence("dkim", recipients=frozenset({"welcome@lists.example.org"}), author_domain="example.edu")


def a_template(who: str = "carol@example.edu", text: str = TEXT) -> bytes:
    return (
        f"From: Carol <{who}>\r\nTo: welcome@lists.example.org\r\nSubject: Hello\r\n"
        f"Message-ID: <1@example.edu>\r\nDate: Mon, 18 Mar 2030 12:00:00 +0000\r\n\r\n{text}\r\n"
    ).encode()


async def merging(database: Database, **settings: str) -> tuple[Robot, MailingList]:
    """A list whose owner Carol may write templates."""
    robot, mlist = await a_list(database, members=1, **{"send": "public", **settings})
    await two_members(database, mlist)
    async with database.write() as uow:
        await create_person(uow, "carol@example.edu", proved=True)
    return robot, await with_settings(database, robot, mlist, merge="owners")


async def posted(database: Database, mlist: MailingList, raw: bytes, evidence: Evidence | None) -> Reply:
    return await receive(database, "bounce@example.edu", mlist.address, raw, evidence)


async def test_a_template_of_an_owner_by_certain_mail_is_filled_in_for_each(database: Database) -> None:
    _, mlist = await merging(database)
    assert (await posted(database, mlist, a_template(), PROVED)).code == 250
    copies = await sent(database, mlist)
    assert FILLED in words_of(copies["p0@example.edu"])
    assert "you are m0@example.edu." in words_of(copies["m0@example.edu"])


@pytest.mark.parametrize("evidence", [None, SIGNED])
async def test_a_template_of_an_owner_who_is_not_certain_goes_out_as_it_is(
    database: Database, evidence: Evidence | None
) -> None:
    _, mlist = await merging(database)
    assert (await posted(database, mlist, a_template(), evidence)).code == 250
    assert TEXT in words_of((await sent(database, mlist))[""])


async def test_a_template_of_a_member_goes_out_as_it_is(database: Database) -> None:
    _, mlist = await merging(database)
    raw = a_template("m0@example.edu", "{{ person.nme }}")
    assert (await posted(database, mlist, raw, PROVED)).code == 250
    assert "{{ person.nme }}" in words_of((await sent(database, mlist))[""])


@pytest.mark.parametrize("send", ["public", "editorkey"])
async def test_a_wrong_template_is_refused_at_the_door_with_its_line(database: Database, send: str) -> None:
    _, mlist = await merging(database, send=send)
    raw = a_template(text="Dear all,\r\n{{ person.nme }}")
    reply = await posted(database, mlist, raw, PROVED)
    assert (reply.code, reply.enhanced) == (550, "5.6.0")
    assert "in line 2, there is no variable" in reply.text
    assert await posts_of(database, mlist) == []
    async with database.read() as reader:
        assert await moderation.by_id(reader, 1) is None


async def test_a_template_that_an_editor_approves_is_still_one(database: Database) -> None:
    robot, mlist = await merging(database, send="editorkeyonly")
    assert (await posted(database, mlist, a_template(), PROVED)).code == 250
    async with database.write() as uow:
        item = await moderation.by_id(uow, 1)
        assert item is not None
        await decide(uow, operator(robot), mlist, item, ModerationState.APPROVED)
    assert FILLED in words_of((await sent(database, mlist))["p0@example.edu"])


@pytest.mark.parametrize("protection", ["munge", "wrap"])
async def test_a_template_that_would_be_wrapped_comes_from_the_list_and_is_filled_in(
    database: Database, protection: str
) -> None:
    _, mlist = await merging(database, dmarc_protection=protection)
    strict = replace(PROVED, policy=Policy("reject", "example.edu"))
    assert (await posted(database, mlist, a_template(), strict)).code == 250
    copy = (await sent(database, mlist))["p0@example.edu"]
    assert FILLED in words_of(copy)
    assert str(author(parse_message(copy))) == VIA.replace("Ada Lovelace", "Carol")


async def test_a_template_whose_author_confirms_it_is_filled_in(database: Database) -> None:
    _, mlist = await merging(database, send="ownerauth")
    assert (await posted(database, mlist, a_template(), SIGNED)).code == 250
    assert await posts_of(database, mlist) == []
    (mail,) = await mails_to(database, "carol@example.edu")
    found = re.search(r"/t/(\S+)", mail)
    assert found is not None
    async with database.write() as uow:
        ticket = await tickets.redeem(uow, found[1])
        await confirm(uow, ticket, int(tickets.payload(ticket)["message"]))
    assert FILLED in words_of((await sent(database, mlist))["p0@example.edu"])
