"""What the milter answers is what posting answers, on the whole corpus and on both databases (row 102)."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from delivery.door.milter import MilterDoor
from delivery.reception import check_recipient, receive
from delivery.screening import Screening
from mail.status import Reply
from storage.database import Database
from tests.delivery.corpus import DOMAIN, KINDS, MEMBER, STRANGER, Case, build, cases, checks, plain
from tests.delivery.test_preview import contents, evidence_of, said
from tests.wire.milter_client import mta, packet


@contextlib.asynccontextmanager
async def milter(database: Database) -> AsyncIterator[int]:
    """The milter door of a database; its port."""
    door = MilterDoor(Screening(database, checks(database.site)), size_limit=100_000)
    server = await door.listen("127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await door.close(grace=1)


async def posted(database: Database, case: Case, raw: bytes) -> Reply:
    """What the LMTP door would say, to the recipient or to the message."""
    known = await check_recipient(database, case.recipient)
    if not known.is_positive:
        return known
    return await receive(database, case.path, case.recipient, raw, await evidence_of(database, raw))


@pytest.mark.slow
async def test_the_milter_answers_as_posting_does_in_every_case(database: Database) -> None:
    await build(database)
    refused = 0
    async with milter(database) as port, mta(port) as speaking:
        for case in cases():
            raw = KINDS[case.kind](case)
            answer = await speaking.message(case.path, [case.recipient], raw)
            expected = await posted(database, case, raw)
            refused += not expected.is_positive
            assert answer.is_positive == expected.is_positive, (case, answer, expected)
            if not expected.is_positive:
                assert said(answer) == said(expected), case
    assert refused > 200


async def test_the_milter_reads_a_message_as_it_was_whatever_the_mta_can_do(database: Database) -> None:
    await build(database)
    async with milter(database) as port:
        for offer in ({}, {"steps": 0, "actions": 0}, {"version": 2, "steps": 0x7F, "actions": 0x3F}):
            async with mta(port, **offer) as speaking:
                for case in (Case("private", MEMBER), Case("private", STRANGER, "folded")):
                    raw = KINDS[case.kind](case)
                    answer = await speaking.message(case.path, [case.recipient], raw)
                    assert answer.is_positive == (case.sender == MEMBER), (offer, case, answer)


async def test_only_what_every_recipient_refuses_is_refused(database: Database) -> None:
    await build(database)
    private, public = f"private@{DOMAIN}", f"public@{DOMAIN}"
    raw = plain(Case("private", STRANGER))
    async with milter(database) as port, mta(port) as speaking:
        one_takes_it = await speaking.message(STRANGER, [private, public], raw)
        both_refuse = await speaking.message(STRANGER, [private, f"owner@{DOMAIN}", private], raw)
        somebody_else_too = await speaking.message(STRANGER, [private, "friend@example.com"], raw)
        no_address = await speaking.message(STRANGER, [f"@{DOMAIN}"], raw)
        only_others = await speaking.message(STRANGER, ["friend@example.com", "postmaster"], raw)
    assert (one_takes_it.code, somebody_else_too.text, only_others.text) == (250, "accepted", "accepted")
    assert (no_address.code, no_address.enhanced) == (553, "5.1.3")
    assert (both_refuse.code, both_refuse.enhanced) == (550, "5.7.1")


async def test_a_quiet_refusal_is_let_in_and_dropped_later(database: Database) -> None:
    await build(database)
    case = Case("quietly", STRANGER)
    async with milter(database) as port, mta(port) as speaking:
        answer = await speaking.message(case.path, [case.recipient], plain(case))
    assert answer.is_positive


async def test_who_signed_in_at_the_mta_is_no_proof_of_who_wrote(database: Database) -> None:
    await build(database)
    case = Case("proved", MEMBER)
    async with milter(database) as port, mta(port) as speaking:
        for stage in b"CHMRTNE":
            speaking.writer.write(
                packet(b"D", bytes([stage]) + b"{auth_authen}\0m0@example.edu\0{auth_type}\0PLAIN\0")
            )
        answer = await speaking.message(case.path, [case.recipient], plain(case))
    assert (answer.code, answer.enhanced) == (550, "5.7.1")


async def test_the_milter_changes_nothing_and_keeps_why_it_refused(database: Database) -> None:
    made = await build(database)
    before = await contents(database)
    async with milter(database) as port, mta(port) as speaking:
        for case in (Case("private", STRANGER), Case("private", MEMBER), Case("publickey", STRANGER)):
            await speaking.message(case.path, [case.recipient], plain(case))
        await speaking.message(
            STRANGER, [f"private@{DOMAIN}", f"public@{DOMAIN}"], plain(Case("private", STRANGER))
        )
    assert await contents(database) == before
    assert [row.list_id for row in database.site.later.waiting.values()] == [made["private"].id]


async def test_without_a_database_everything_is_to_be_tried_again(database: Database) -> None:
    await build(database)
    async with milter(database) as port, mta(port) as speaking:
        await speaking.envelope(STRANGER, [f"private@{DOMAIN}"])
        await database.close()
        at_the_end = await speaking.content(plain(Case("private", STRANGER)))
        at_the_recipient = (await speaking.envelope(STRANGER, [f"private@{DOMAIN}"]))[0]
    assert at_the_end is not None
    assert at_the_recipient is not None
    assert (at_the_end.code, at_the_recipient.code) == (451, 451)
