"""Failures that come back find their member, by the address that they come to or by what they report."""

import pytest

from delivery.reception import check_recipient, receive
from mail.verp import verp_address
from storage import address_facts, deliveries, memberships
from storage.database import Database
from storage.tables.lists import MailingList, Membership
from tests.delivery.test_flow import a_list, a_message, posts_of

LONG = "a-list-with-a-name-that-leaves-no-room-for-anything"[:45]


def a_report(action: str = "failed", status: str = "5.1.1", recipient: str = "m1@example.edu") -> bytes:
    """A delivery status notification (RFC 3464)."""
    return (
        "From: MAILER-DAEMON@mx.example.edu\r\nTo: whoever\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.edu\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n--b--\r\n"
    ).encode()


async def posted(database: Database, name: str = "welcome") -> tuple[MailingList, int]:
    """A list of three members and the number of its delivery."""
    _, mlist = await a_list(database, name)
    await receive(database, "m0@example.edu", mlist.address, a_message())
    return mlist, (await posts_of(database, mlist))[0].id


async def member(database: Database, mlist: MailingList, key: str = "m1@example.edu") -> Membership:
    async with database.read() as reader:
        found = await memberships.find(reader, mlist.id, key)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["welcome", "c+d", LONG])
async def test_a_reverse_path_of_their_own_names_the_member_whatever_the_report_says(
    database: Database, name: str
) -> None:
    mlist, delivery = await posted(database, name)
    hurt = await member(database, mlist)
    key = database.site.key("verp")
    path = verp_address(name, mlist.domain, hurt.id, delivery, key)
    assert (await check_recipient(database, path)).code == 250
    reply = await receive(database, "", path, a_report(recipient="somebody@else.example"))
    assert reply.code == 250
    assert (await member(database, mlist)).is_bouncing
    assert not (await member(database, mlist, "m0@example.edu")).is_bouncing


async def test_a_forged_reverse_path_hurts_nobody(database: Database) -> None:
    """Pitfall 60."""
    mlist, delivery = await posted(database)
    hurt = await member(database, mlist)
    path = verp_address("welcome", mlist.domain, hurt.id, delivery, b"another key that is not ours at all")
    await receive(database, "", path, a_report(recipient="somebody@else.example"))
    assert not (await member(database, mlist)).is_bouncing


async def test_a_report_to_the_shared_path_is_read_for_its_recipient(database: Database) -> None:
    mlist, _ = await posted(database)
    await receive(database, "", "welcome-bounce@lists.example.org", a_report())
    assert (await member(database, mlist)).is_bouncing


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("failed", "4.2.2"), ("failed", "5.2.2")]
)
async def test_a_delay_and_a_full_mailbox_are_not_a_dead_address(
    database: Database, action: str, status: str
) -> None:
    mlist, _ = await posted(database)
    await receive(database, "", "welcome-bounce@lists.example.org", a_report(action, status))
    assert (await member(database, mlist)).is_bouncing is (action == "failed")
    async with database.read() as reader:
        assert await address_facts.bouncing(reader, ["m1@example.edu"]) == set()


async def test_a_report_about_another_lists_member_changes_nothing(database: Database) -> None:
    mlist, delivery = await posted(database)
    hurt = await member(database, mlist)
    path = verp_address("other", "elsewhere.example", hurt.id, delivery, database.site.key("verp"))
    reply = await receive(database, "", path, a_report())
    assert reply.code == 550
    async with database.read() as reader:
        assert await deliveries.find(reader, delivery) is not None
    assert not (await member(database, mlist)).is_bouncing
