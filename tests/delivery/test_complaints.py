"""Who says that a post was spam leaves or is marked, when a secret names them, and only then."""

import pytest

from delivery.reception import receive
from identity.actor import operator
from lists import one_click
from lists.mailing_lists import create_list
from mail.verp import verp_address
from storage import bounces, memberships
from storage.database import Database
from tests.delivery.bounce_world import SHARED, VICTIM, member, post, score
from tests.delivery.test_flow import a_list


def a_complaint(path: str, kind: str = "abuse", rcpt: str = VICTIM) -> bytes:
    """A feedback report as a mailbox provider sends it."""
    return (
        "From: fbl@provider.example\r\nSubject: abuse\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="a"\r\n\r\n--a\r\n'
        "Content-Type: text/plain\r\n\r\nSpam.\r\n--a\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: {kind}\r\nUser-Agent: Loop/1\r\nVersion: 1\r\nOriginal-Mail-From: <{path}>\r\n"
        f"Original-Rcpt-To: <{rcpt}>\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n--a--\r\n"
    ).encode()


@pytest.mark.parametrize(("policy", "stays"), [("leave", False), ("mark", True)])
async def test_who_complains_leaves_or_is_marked_as_the_list_says(
    database: Database, policy: str, stays: bool
) -> None:
    _, mlist = await a_list(database, bounce_complaint=policy)
    delivery = await post(database, mlist, 1)
    hurt = await member(database, mlist)
    path = verp_address("welcome", mlist.domain, hurt.id, delivery, database.site.key("verp"))
    assert (await receive(database, "fbl@provider.example", SHARED, a_complaint(path))).code == 250
    async with database.read() as reader:
        assert (await memberships.find(reader, mlist.id, VICTIM) is not None) is stays
        assert await bounces.complained(reader, mlist.id, since=0, limit=9) == [VICTIM]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("welcome-bounce@lists.example.org", "abuse"), ("welcome-bounce+aaaaaaaaaaaaaaaaaaaa@x", "abuse")],
)
async def test_attack_a_complaint_that_names_nobody_by_a_secret_changes_nothing(
    database: Database, path: str, kind: str
) -> None:
    _, mlist = await a_list(database)
    await receive(database, "", SHARED, a_complaint(path, kind))
    assert (await member(database, mlist)).address == VICTIM
    assert await score(database, mlist) is None


async def test_that_something_was_no_spam_is_no_complaint(database: Database) -> None:
    _, mlist = await a_list(database)
    hurt = await member(database, mlist)
    delivery = await post(database, mlist, 1)
    path = verp_address("welcome", mlist.domain, hurt.id, delivery, database.site.key("verp"))
    await receive(database, "", SHARED, a_complaint(path, "not-spam"))
    assert (await member(database, mlist)).address == VICTIM


async def test_a_complaint_may_come_to_another_list_of_the_domain(database: Database) -> None:
    robot, mlist = await a_list(database)
    async with database.write() as uow:
        await create_list(uow, operator(robot), robot, "all", "All", {}, owners=["d@example.edu"])
    delivery = await post(database, mlist, 1)
    hurt = await member(database, mlist)
    path = verp_address("welcome", mlist.domain, hurt.id, delivery, database.site.key("verp"))
    await receive(database, "fbl@provider.example", "all-bounce@lists.example.org", a_complaint(path))
    async with database.read() as reader:
        assert await memberships.find(reader, mlist.id, VICTIM) is None


async def test_a_complaint_whose_return_path_was_taken_out_names_the_member_by_the_unsubscribe_link(
    database: Database,
) -> None:
    robot, mlist = await a_list(database)
    hurt = await member(database, mlist)
    link = one_click.url(database.site, robot, mlist.id, hurt.id)
    raw = a_complaint("redacted@provider.example").replace(
        b"Subject: x\r\n", f"Subject: x\r\nList-Unsubscribe: <{link}>, <mailto:x@y>\r\n".encode()
    )
    await receive(database, "fbl@provider.example", SHARED, raw)
    async with database.read() as reader:
        assert await memberships.find(reader, mlist.id, VICTIM) is None
