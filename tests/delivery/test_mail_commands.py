"""Requests by mail: each asks its scenario, is proved as far as mail goes, and is answered to its author alone."""

import re

import pytest
from sqlalchemy import text

from delivery import posts
from delivery.evidence import Evidence
from delivery.reception import receive
from delivery.requested import carry_out
from identity import tickets
from identity.actor import operator
from lists.authorize import Rejected
from lists.robot_settings import update_robot
from mail.message import parse_message
from storage import archived, deliveries, memberships, roles, scenario_texts
from storage.database import Database
from storage.keyset import Window
from storage.query import Query
from storage.tables.lists import MailingList
from storage.tables.words import TicketPurpose
from tests.delivery.test_flow import a_list, a_message, mails_to, posts_of

OWNER, MEMBER, STRANGER = "carol@example.edu", "m0@example.edu", "eve@evil.example"


async def ask(database: Database, mlist: MailingList, author: str, subject: str) -> list[str]:
    """Send a request, and read what its author was mailed."""
    request = f"{mlist.name}-request@{mlist.domain}"
    before = len(await mails_to(database, author))
    raw = (
        f"From: {author}\r\nTo: {request}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{abs(hash((author, subject)))}@x>\r\n\r\n.\r\n"
    ).encode()
    assert (await receive(database, author, request, raw)).code == 250
    return (await mails_to(database, author))[before:]


async def confirm(database: Database, mail: str) -> str:
    found = re.search(r"/t/(\S+)", mail)
    assert found is not None
    async with database.write() as uow:
        return await carry_out(uow, await tickets.redeem(uow, found[1], TicketPurpose.REQUEST))


async def members(database: Database, mlist: MailingList) -> set[str]:
    async with database.read() as reader:
        return {each.address async for each in memberships.whole_list(reader, mlist.id)}


@pytest.mark.parametrize(
    ("author", "subject", "told"),
    [
        (STRANGER, "info", "The mailing list welcome@lists.example.org"),
        (MEMBER, "which", "welcome@lists.example.org  as m0@example.edu"),
        (STRANGER, "which", "You are on no list here"),
        (STRANGER, "review", "refused"),
        (MEMBER, "review", "m1@example.edu"),
        (STRANGER, "index", "refused"),
        (MEMBER, "index", "The archive is empty"),
        (MEMBER, "get nothing", "refused"),
        (STRANGER, "get nothing", "refused"),
        (STRANGER, "add eve@evil.example", "refused"),
        (STRANGER, "del m0@example.edu", "refused"),
        (STRANGER, "invite m9@example.edu", "refused"),
        (STRANGER, "remind", "refused"),
        (MEMBER, "remind", "refused"),
        (STRANGER, "dance", "To join"),
        (OWNER, "add", "An address has the form"),
    ],
)
async def test_each_request_is_answered_as_its_scenario_says(
    database: Database, author: str, subject: str, told: str
) -> None:
    _, mlist = await a_list(database, review="private", info="open")
    before = await members(database, mlist)
    [answer] = await ask(database, mlist, author, subject)
    assert told in answer
    assert await members(database, mlist) == before


async def test_what_an_owner_asks_by_plain_mail_is_done_after_a_confirmation(database: Database) -> None:
    """Pitfall 59: a From alone is no word of its owner."""
    _, mlist = await a_list(database)
    for subject, there in (("add new@example.edu", True), ("del new@example.edu", False)):
        [asked] = await ask(database, mlist, OWNER, subject)
        assert "confirm" in asked
        assert ("new@example.edu" in await members(database, mlist)) is not there
        assert await confirm(database, asked) == ""
        assert ("new@example.edu" in await members(database, mlist)) is there


async def test_a_confirmed_reminder_reaches_every_member(database: Database) -> None:
    _, mlist = await a_list(database)
    [asked] = await ask(database, mlist, OWNER, "remind")
    assert await confirm(database, asked) == ""
    async with database.read() as reader:
        counted = await reader.all(Query(text("SELECT max(recipient_count) FROM packets"), int))
    assert counted == [3]


async def test_a_review_that_has_to_be_confirmed_is_mailed_then(database: Database) -> None:
    robot, mlist = await a_list(database)
    async with database.write() as uow:
        await scenario_texts.put(
            uow,
            robot_id=robot.id,
            list_id=None,
            operation="review",
            name="owner",
            text="is_owner([listname],[sender]) smtp -> request_auth\nis_owner([listname],[sender]) md5 -> do_it",
        )
    [asked] = await ask(database, mlist, OWNER, "review")
    assert "m0@example.edu" not in asked
    await confirm(database, asked)
    assert "m0@example.edu" in (await mails_to(database, OWNER))[-1]


async def test_a_confirmation_is_asked_again_by_the_rules_of_that_moment(database: Database) -> None:
    _, mlist = await a_list(database)
    [asked] = await ask(database, mlist, OWNER, "remind")
    async with database.write() as uow:
        for role in await roles.of_list(uow, mlist.id):
            await roles.remove(uow, role.id)
    with pytest.raises(Rejected):
        await confirm(database, asked)


async def test_a_member_gets_a_message_of_the_archive_by_mail_and_a_stranger_does_not(
    database: Database,
) -> None:
    _, mlist = await a_list(database, archive_mail_access="private", archive_web_access="closed")
    await receive(database, MEMBER, mlist.address, a_message(MEMBER, subject="Minutes"))
    async with database.read() as reader:
        page = await archived.page(reader, mlist.id, Window(5))
    key = page.rows[0].archive_key
    [listed] = await ask(database, mlist, MEMBER, "index")
    assert f"get {key}" in listed
    [got] = await ask(database, mlist, MEMBER, f"get {key}")
    assert "A line." in got
    [refused] = await ask(database, mlist, STRANGER, f"get {key}")
    assert "A line." not in refused


async def test_attack_an_answer_never_goes_to_somebody_else(database: Database) -> None:
    """Pitfall 60."""
    await a_list(database, review="public")
    raw = (
        f"From: {MEMBER}\r\nReply-To: {STRANGER}\r\nTo: welcome-request@lists.example.org\r\nSubject: review\r\n"
        "Message-ID: <7@x>\r\n\r\n.\r\n"
    ).encode()
    await receive(database, STRANGER, "welcome-request@lists.example.org", raw)
    assert await mails_to(database, STRANGER) == []


SPAM = "X-Spam-Status: Yes, score=9\r\n"


@pytest.mark.parametrize(("send", "waits"), [("private", 0), ("publickey", 1), ("editorkey", 1)])
async def test_spam_is_never_answered(database: Database, send: str, waits: int) -> None:
    """Pitfall 60."""
    _, mlist = await a_list(database, send=send)
    reply = await receive(database, STRANGER, mlist.address, a_message(STRANGER, more=SPAM))
    assert reply.code == 250
    assert await mails_to(database, STRANGER) == []
    told = await mails_to(database, OWNER)
    assert len(told) == waits
    assert all("Spam filter: spam" in each for each in told)


async def test_what_is_no_spam_is_refused_aloud(database: Database) -> None:
    _, mlist = await a_list(database)
    assert (await receive(database, STRANGER, mlist.address, a_message(STRANGER))).code == 550


async def test_only_the_last_word_about_spam_counts(database: Database) -> None:
    _, mlist = await a_list(database)
    more = "X-Spam-Status: No\r\n" + SPAM
    assert (await receive(database, STRANGER, mlist.address, a_message(STRANGER, more=more))).code == 250


async def test_a_confirmed_message_says_who_confirmed_it_and_a_forged_field_is_gone(
    database: Database,
) -> None:
    _, mlist = await a_list(database, send="privatekey")
    await receive(
        database, MEMBER, mlist.address, a_message(MEMBER, more="X-Validation-by: me@evil.example\r\n")
    )
    [asked] = await mails_to(database, MEMBER)
    found = re.search(r"/t/(\S+)", asked)
    assert found is not None
    async with database.write() as uow:
        ticket = await tickets.redeem(uow, found[1])
        await posts.confirm(uow, ticket, int(tickets.payload(ticket)["message"]))
    [delivery] = await posts_of(database, mlist)
    async with database.read() as reader:
        sent = parse_message(await deliveries.outgoing(reader, delivery.id) or b"")
    assert sent.all("X-Validation-by") == [MEMBER]


async def test_an_address_moves_by_mail_once_both_addresses_have_said_so(database: Database) -> None:
    _, mlist = await a_list(database)
    [asked] = await ask(database, mlist, MEMBER, "move new@example.edu")
    assert "new@example.edu" in asked
    assert await confirm(database, asked) == ""
    async with database.read() as reader:
        assert await memberships.find(reader, mlist.id, "new@example.edu") is None
    [asked] = await mails_to(database, "new@example.edu")
    assert await confirm(database, asked) == ""
    async with database.read() as reader:
        assert await memberships.find(reader, mlist.id, "new@example.edu") is not None
        assert await memberships.find(reader, mlist.id, MEMBER) is None


async def test_an_address_does_not_move_where_the_rules_refuse_it(database: Database) -> None:
    robot, mlist = await a_list(database)
    [told] = await ask(database, mlist, MEMBER, "move nonsense")
    assert "An address has the form" in told
    async with database.write() as uow:
        await update_robot(uow, operator(robot), robot, {"move_user": "closed"})
    [told] = await ask(database, mlist, MEMBER, "move new@example.edu")
    assert "refused" in told
    assert await mails_to(database, "new@example.edu") == []


async def test_what_was_found_out_about_a_mail_is_known_when_it_is_confirmed(database: Database) -> None:
    robot, mlist = await a_list(database)
    rules = """equal([msg->spf],'pass') smtp -> request_auth
equal([msg->spf],'pass') md5 -> do_it
true() smtp,dkim,md5,smime -> reject
"""
    async with database.write() as uow:
        await scenario_texts.put(
            uow, robot_id=robot.id, list_id=None, operation="send", name="private", text=rules
        )
    evidence = Evidence(results={"dkim": "none", "spf": "pass", "dmarc": "none", "arc": "none"})
    reply = await receive(database, MEMBER, mlist.address, a_message(MEMBER), evidence)
    assert reply.code == 250
    [asked] = await mails_to(database, MEMBER)
    found = re.search(r"/t/(\S+)", asked)
    assert found is not None
    async with database.write() as uow:
        ticket = await tickets.redeem(uow, found[1])
        outcome = await posts.confirm(uow, ticket, int(tickets.payload(ticket)["message"]))
    assert outcome.delivery_id is not None
