"""A storm on one list: it waits for an editor who is told once, is put off when too much waits, and stops no other list."""

from dataclasses import replace

import pytest

from delivery.reception import receive
from delivery.stages.calm import MOST_EQUAL
from identity.actor import operator
from lists.mailing_lists import create_list
from mail.message import parse_message
from mail.sameness import content_digest
from storage import moderation
from storage.database import Database
from storage.tables.lists import MailingList, Robot
from storage.tables.words import ModerationKind
from tests.conftest import Clock
from tests.delivery.corpus import preview
from tests.delivery.test_flow import a_list, a_message, mails_to, posts_of

MEMBER = "m0@example.edu"


def numbered(number: int, author: str = MEMBER, body: str = "") -> bytes:
    raw = a_message(author, message_id=f"<{number}@example.edu>")
    return raw.replace(b"A line.", f"A line. {body}".encode())


async def post(
    database: Database, mlist: MailingList, number: int, author: str = MEMBER, body: str = ""
) -> int:
    reply = await receive(database, author, mlist.address, numbered(number, author, body))
    return reply.code


async def waiting(database: Database, mlist: MailingList) -> int:
    async with database.read() as reader:
        return await moderation.count(reader, mlist.id, kinds=(ModerationKind.MESSAGE,))


@pytest.mark.parametrize("setting", ["most_posts_per_hour", "most_posts_per_author_per_hour"])
async def test_beyond_the_limit_posts_wait_and_the_editors_are_told_once(
    database: Database, clock: Clock, setting: str
) -> None:
    _, mlist = await a_list(database, "welcome", 3, **{setting: "3"})
    codes = [await post(database, mlist, n, body=str(n)) for n in range(6)]
    assert codes == [250] * 6
    assert len(await posts_of(database, mlist)) == 3
    assert await waiting(database, mlist) == 3
    (notice,) = await mails_to(database, "carol@example.edu")
    assert f"({setting})" in " ".join(notice.split())
    by_another = await post(database, mlist, 9, "m1@example.edu", "9")
    assert by_another == 250
    assert len(await posts_of(database, mlist)) == (4 if "author" in setting else 3)
    clock.advance(seconds=3_601)
    await post(database, mlist, 10, body="10")
    assert len(await posts_of(database, mlist)) == (5 if "author" in setting else 4)


async def test_the_same_words_over_and_over_are_a_storm(database: Database) -> None:
    _, mlist = await a_list(database)
    for number in range(MOST_EQUAL + 3):
        assert await post(database, mlist, number) == 250
    distributed, held = len(await posts_of(database, mlist)), await waiting(database, mlist)
    assert distributed + held == MOST_EQUAL + 3
    assert 1 <= held <= 3
    assert await post(database, mlist, 1000, body="something else") == 250
    assert len(await posts_of(database, mlist)) == distributed + 1


async def test_a_list_with_too_much_waiting_takes_no_more_for_now_and_others_do_not_notice(
    database: Database,
) -> None:
    database.site = replace(database.site, list_backlog=3)
    robot, mlist = await a_list(database)
    other = await another(database, robot)
    assert [await post(database, mlist, n, body=str(n)) for n in range(5)] == [250, 250, 250, 451, 451]
    assert await post(database, other, 77) == 250
    async with database.read() as reader:
        answer = await preview(reader, robot, mlist, parse_message(numbered(6)), MEMBER)
        elsewhere = await preview(reader, robot, other, parse_message(numbered(6)), MEMBER)
    assert (answer.reply.code, elsewhere.reply.code) == (451, 250)


async def another(database: Database, robot: Robot) -> MailingList:
    async with database.write() as uow:
        return await create_list(uow, operator(robot), robot, "other", "Other", {"send": "public"})


def test_only_what_is_said_counts() -> None:
    def mail(boundary: str, words: str) -> bytes:
        return (
            f'Message-ID: <{boundary}>\r\nContent-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'
            f"--{boundary}\r\n\r\n{words}\r\n--{boundary}--\r\n"
        ).encode()

    one, two, three = (parse_message(mail(*each)) for each in (("aa", "x"), ("bb", "x"), ("aa", "y")))
    assert content_digest(one) == content_digest(two) != content_digest(three)
