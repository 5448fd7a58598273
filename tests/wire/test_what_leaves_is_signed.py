"""From the door to the next mail server: a signed post comes in, and what each member gets is signed and sealed by the list."""

import asyncio
import re

import dkim
import pytest

from delivery.authentication.lookup import Records
from delivery.evidence import Checks, gather
from delivery.reception import receive
from delivery.signing.published import record_of
from mail.message import parse_message
from storage import outgoing
from storage.database import Database
from storage.tables.signing import Algorithm, DkimKey
from tests.conftest import Clock
from tests.delivery.authentication.signing import Zone, rsa_key
from tests.delivery.authentication.signing import record_of as author_record
from tests.delivery.authentication.signing import signed as signed_by_author
from tests.delivery.signing.keeping_world import Domain
from tests.delivery.test_flow import a_list, a_message, posts_of
from tests.wire.sink import Sink, Taken
from tests.wire.test_worker import until, working

PAST = 1_700_000_000_000_000


class Published:
    """The records of some keys, as dkimpy and our own checks ask for them."""

    def __init__(self, domain: str, *keys: DkimKey) -> None:
        self.zone = Zone()
        for key in keys:
            self.zone.publish(domain, record_of(key, domain).text.encode(), key.selector)

    def __call__(self, name: bytes, timeout: float = 5) -> bytes | None:
        found: Records = self.zone.records.get(name.decode(), ())
        return found[0] if found else None


async def a_signing_list(database: Database, **settings: str) -> tuple[Domain, Published]:
    """A list with five members in a domain that signs with both kinds of keys."""
    robot, mlist = await a_list(database, members=5, **settings)
    here = Domain(database, robot, mlist)
    keys = [await here.key(selector="r"), await here.key(selector="e", algorithm=Algorithm.ED25519)]
    return here, Published(robot.domain, *keys)


def holds(data: bytes, asked: Published) -> list[bool]:
    """What dkimpy says of the two signatures on top."""
    return [dkim.DKIM(data).verify(idx=place, dnsfunc=asked) for place in (0, 1)]


async def delivered(
    database: Database, here: Domain, raw: bytes, asked: Published, clock: Clock
) -> list[Taken]:
    """Every copy of a post that came by mail and was checked."""
    checks = Checks(clock, asked.zone)
    evidence = await gather(parse_message(raw), checks)
    reply = await receive(database, "m0@example.edu", here.mlist.address, raw, evidence)
    assert reply.is_positive, reply
    delivery = (await posts_of(database, here.mlist))[0]
    async with Sink() as sink, working(database, sink.port):
        await until(database, delivery)
    return sink.taken


@pytest.mark.parametrize("personalization", ["never", "always"])
async def test_each_copy_of_a_post_is_signed_and_sealed(
    database: Database, clock: Clock, personalization: str
) -> None:
    clock.now = PAST
    here, asked = await a_signing_list(database, personalization=personalization)
    author = rsa_key()
    asked.zone.publish("example.edu", author_record(author))
    covered = "from:to:subject:message-id"
    copies = await delivered(
        database, here, signed_by_author(a_message(), author, covered=covered), asked, clock
    )
    assert len(copies) == (5 if personalization == "always" else 1)
    for copy in copies:
        assert holds(copy.data, asked) == [True, True]
        assert dkim.arc_verify(copy.data, dnsfunc=asked)[0] == b"pass"
        results = parse_message(copy.data).first("ARC-Authentication-Results") or ""
        assert "dkim=pass header.d=example.edu" in " ".join(results.split())
        names = re.search(rb"DKIM-Signature:.*? h=([^;]+);", copy.data, re.DOTALL)
        assert names is not None
        signed = b"".join(names[1].split()).split(b":")
        assert {b"list-id", b"list-unsubscribe"} <= {*signed}
        if personalization == "always":
            assert b"list-unsubscribe-post" in signed
            changed = copy.data.replace(b"One-Click", b"Two-Click")
            assert dkim.DKIM(changed).verify(idx=0, dnsfunc=asked) is False


async def test_a_chain_that_came_along_is_carried_on(database: Database, clock: Clock) -> None:
    """Two lists in a row: the second finds the first one's seal good, and says so."""
    clock.now = PAST
    here, asked = await a_signing_list(database)
    author = rsa_key()
    asked.zone.publish("example.edu", author_record(author))
    [first] = await delivered(database, here, signed_by_author(a_message(), author), asked, clock)
    # Another list's copy of it, which this server has not seen.
    assert b"ARC-Seal: i=1;" in first.data
    evidence = await gather(parse_message(first.data), Checks(clock, asked.zone))
    assert evidence.results["arc"] == "pass", evidence


async def test_service_mail_is_signed_with_the_domains_key(database: Database, clock: Clock) -> None:
    clock.now = PAST
    here, asked = await a_signing_list(database)
    raw = (
        b"From: listmaster@lists.example.org\r\nTo: bob@example.edu\r\nSubject: Your code\r\n"
        b"Date: Mon, 1 Jan 2024 10:00:00 +0000\r\nMessage-ID: <c@lists.example.org>\r\n\r\n.hello\r\n\r\n\r\n"
    )
    async with database.write() as uow:
        await outgoing.enqueue(
            uow,
            robot_id=here.robot.id,
            to="bob@example.edu",
            outgoing=raw,
            reverse_path="",
            subject="Your code",
            message_id="<c@lists.example.org>",
        )
    async with Sink() as sink, working(database, sink.port):
        while not sink.taken:
            await asyncio.sleep(0.02)
    assert holds(sink.taken[0].data, asked) == [True, True]
    assert b"ARC-" not in sink.taken[0].data
    assert sink.taken[0].data.endswith(b"\r\n\r\n.hello\r\n\r\n\r\n")


async def test_a_list_that_signs_editors_choices_alone_leaves_others_unsigned(
    database: Database, clock: Clock
) -> None:
    clock.now = PAST
    here, asked = await a_signing_list(database, dkim_sign_posts="editor-validated, dkim")
    [copy] = await delivered(database, here, a_message(), asked, clock)
    assert b"\r\nDKIM-Signature:" not in b"\r\n" + copy.data
