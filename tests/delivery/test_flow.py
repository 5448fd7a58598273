"""A message's way from the door to its packets, by the list's scenario, on both databases."""

import pytest

from delivery.reception import check_recipient, receive
from identity.actor import founder, operator
from identity.ledger import prove
from identity.people import create_person
from lists.mailing_lists import create_list
from lists.robots import create_robot
from mail.message import parse_message
from storage import deliveries, memberships, packets, posts
from storage.database import Database
from storage.tables.lists import MailingList, Robot
from storage.tables.mail import Delivery
from storage.tables.words import AddressSource, MessageState, Strength


async def a_list(
    database: Database, name: str = "welcome", members: int = 3, **settings: str
) -> tuple[Robot, MailingList]:
    """A list with members m0…, owned by carol."""
    async with database.write() as uow:
        robot = await create_robot(uow, founder(), "lists.example.org", "Lists")
        mlist = await create_list(
            uow, operator(robot), robot, name, "Welcome", settings, owners=["carol@example.edu"]
        )
        for n in range(members):
            await memberships.add(uow, mlist.id, address=f"m{n}@example.edu", address_key=f"m{n}@example.edu")
    return robot, mlist


def a_message(
    author: str = "m0@example.edu",
    *,
    message_id: str = "<1@example.edu>",
    subject: str = "Hello",
    more: str = "",
) -> bytes:
    return (
        f"From: M <{author}>\r\nTo: welcome@lists.example.org\r\nSubject: {subject}\r\n"
        f"Message-ID: {message_id}\r\n{more}\r\nA line.\r\n.\r\n"
    ).encode()


async def posts_of(database: Database, mlist: MailingList) -> list[Delivery]:
    async with database.read() as reader:
        return await deliveries.of_list(reader, mlist.id, before=2**62, limit=100)


async def mails_to(database: Database, address: str) -> list[str]:
    """The service mails queued for an address, as text."""
    found = []
    async with database.read() as reader:
        for number in range(1, 60):
            delivery = await deliveries.find(reader, number)
            if delivery is None or delivery.kind != "service":
                continue
            (packet,) = await packets.of_delivery(reader, number)
            if packet.address == address:
                found.append((await deliveries.outgoing(reader, number) or b"").decode())
    return found


async def test_a_members_post_is_archived_and_cut_into_packets_with_the_lists_fields(
    database: Database,
) -> None:
    _, mlist = await a_list(database, subject_tag="welcome")
    reply = await receive(database, "m0@example.edu", mlist.address, a_message())
    (delivery,) = await posts_of(database, mlist)
    async with database.read() as reader:
        raw = await deliveries.outgoing(reader, delivery.id) or b""
        stored = await posts.find(reader, delivery.message_id or 0)
        kept = await posts.raw(reader, delivery.message_id or 0)
    out = parse_message(raw)
    assert reply.code == 250
    assert (delivery.total, delivery.reverse_path) == (3, "welcome-bounce@lists.example.org")
    assert stored is not None
    assert stored.archived_at is not None
    assert kept == a_message()
    assert out.body == parse_message(a_message()).body
    assert out.first("Subject") == "[welcome] Hello"
    assert "<welcome.lists.example.org>" in (out.first("List-Id") or "")
    assert out.first("List-Unsubscribe") == "<mailto:welcome-unsubscribe@lists.example.org>"
    assert stored.archive_key in (out.first("Archived-At") or "")
    assert out.count("List-Post") == out.count("Sender") == 1
    assert out.first("Errors-To") is None


async def test_a_strangers_post_to_a_private_list_is_refused_with_the_rule_that_spoke(
    database: Database,
) -> None:
    _, mlist = await a_list(database)
    reply = await receive(database, "x@example.net", mlist.address, a_message("x@example.net"))
    assert reply.code == 550
    assert "send.private, line" in reply.text
    assert await posts_of(database, mlist) == []


async def test_a_post_from_a_proved_alternate_counts_as_the_members_own(database: Database) -> None:
    _, mlist = await a_list(database)
    async with database.write() as uow:
        person = await create_person(uow, "m0@example.edu", proved=True, strength=Strength.MD5)
        await prove(
            uow, person.id, "other@example.net", source=AddressSource.CHALLENGE, strength=Strength.MD5
        )
    unknown = await receive(database, "o@example.net", mlist.address, a_message("unproved@example.net"))
    known = await receive(database, "o@example.net", mlist.address, a_message("other@example.net"))
    assert (unknown.code, known.code) == (550, 250)


async def test_the_same_message_twice_is_taken_once(database: Database) -> None:
    """Pitfall 57."""
    _, mlist = await a_list(database)
    replies = [await receive(database, "m0@example.edu", mlist.address, a_message()) for _ in range(2)]
    assert [reply.code for reply in replies] == [250, 250]
    assert len(await posts_of(database, mlist)) == 1


@pytest.mark.parametrize(
    ("more", "reverse_path", "code"),
    [
        ("List-Id: <welcome.lists.example.org>\r\n", "m0@example.edu", 554),
        ("Auto-Submitted: auto-replied\r\n", "m0@example.edu", 550),
        ("", "", 550),
        ("From: two@example.edu\r\n", "m0@example.edu", 550),
    ],
    ids=["a loop", "a vacation notice", "a null reverse-path", "two authors"],
)
async def test_what_must_not_be_distributed_is_refused(
    database: Database, more: str, reverse_path: str, code: int
) -> None:
    _, mlist = await a_list(database)
    reply = await receive(database, reverse_path, mlist.address, a_message(more=more))
    assert reply.code == code
    assert await posts_of(database, mlist) == []


async def test_a_message_over_the_lists_limit_is_refused_with_the_limit(database: Database) -> None:
    _, mlist = await a_list(database, message_size_limit="2K")
    reply = await receive(database, "m0@example.edu", mlist.address, a_message() + b"x" * 2_000)
    assert (reply.code, reply.enhanced) == (552, "5.3.4")
    assert "2048" in reply.text


async def test_a_moderated_post_waits_and_the_editors_get_a_link(database: Database) -> None:
    _, mlist = await a_list(database, send="editorkey")
    reply = await receive(database, "x@example.net", mlist.address, a_message("x@example.net"))
    (mail,) = await mails_to(database, "carol@example.edu")
    assert reply.code == 250
    assert "https://lists.example.test/t/" in mail
    assert await posts_of(database, mlist) == []
    # A From that nobody proved gets no mail from us: it may be forged.
    assert await mails_to(database, "x@example.net") == []


async def test_a_post_that_needs_its_authors_word_asks_the_author(database: Database) -> None:
    _, mlist = await a_list(database, send="privatekey")
    await receive(database, "m0@example.edu", mlist.address, a_message())
    (mail,) = await mails_to(database, "m0@example.edu")
    assert "/t/" in mail
    async with database.read() as reader:
        stored = await posts.seen(reader, mlist.id, "<1@example.edu>")
    assert stored is not None
    assert stored.state is MessageState.HELD


async def test_unknown_lists_and_broken_addresses_are_refused_at_rcpt(database: Database) -> None:
    """Pitfall 60."""
    await a_list(database)
    answers = [
        (await check_recipient(database, address)).code
        for address in (
            "welcome@lists.example.org",
            "WELCOME-owner@Lists.Example.ORG",
            "welcome-bounce+xyz@lists.example.org",
            "listmaster@lists.example.org",
            "nothing@lists.example.org",
            "welcome@other.example",
            "a b@lists.example.org",
        )
    ]
    assert answers == [250, 250, 250, 250, 550, 550, 553]


async def test_mail_to_the_owners_is_passed_on_with_a_mark_against_loops(database: Database) -> None:
    await a_list(database)
    owner_address = "welcome-owner@lists.example.org"
    await receive(database, "x@example.net", owner_address, a_message("x@example.net"))
    (mail,) = await mails_to(database, "carol@example.edu")
    again = await receive(database, "x@example.net", owner_address, mail.encode())
    assert "A line." in mail
    assert again.code == 554


async def test_joining_and_leaving_by_mail(database: Database) -> None:
    _, mlist = await a_list(database, subscribe="open", unsubscribe="open")
    for suffix in ("subscribe", "unsubscribe"):
        command = a_message("new@example.net", subject="please")
        await receive(database, "new@example.net", f"welcome-{suffix}@lists.example.org", command)
        async with database.read() as reader:
            found = await memberships.find(reader, mlist.id, "new@example.net")
        assert (found is not None) is (suffix == "subscribe")


async def test_an_automatons_command_is_dropped_without_an_answer(database: Database) -> None:
    """Pitfalls 59 and 60."""
    await a_list(database)
    command = a_message("new@example.net", more="Auto-Submitted: auto-generated\r\n")
    await receive(database, "new@example.net", "welcome-request@lists.example.org", command)
    assert await mails_to(database, "new@example.net") == []


async def test_a_post_to_one_robot_does_not_touch_the_list_of_that_name_in_another(
    database: Database,
) -> None:
    _, mlist = await a_list(database)
    async with database.write() as uow:
        other = await create_robot(uow, founder(), "other.example.org", "Other")
        twin = await create_list(
            uow, operator(other), other, "welcome", "Twin", {}, owners=["dan@example.edu"]
        )
    mine = await receive(database, "m0@example.edu", mlist.address, a_message())
    theirs = await receive(database, "m0@example.edu", twin.address, a_message())
    assert (mine.code, theirs.code) == (250, 550)
    assert await posts_of(database, twin) == []
