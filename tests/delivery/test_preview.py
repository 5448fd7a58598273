"""What a preview answers is what posting answers, case by case, and nothing is left behind by asking (row 102)."""

import re
from collections import Counter

import pytest
from sqlalchemy import func, select

from delivery.answers import answer_to
from delivery.evidence import Evidence, gather
from delivery.preview import preview_at
from delivery.reception import receive
from mail.errors import BadMessage
from mail.message import parse_message
from mail.status import Reply
from storage import robots
from storage.database import Database, one
from storage.query import Query
from storage.tables import everything
from storage.tables.lists import MailingList
from tests.delivery.corpus import DOMAIN, KINDS, STRANGER, Case, build, cases, checks, plain, preview


def test_the_corpus_is_large() -> None:
    found = cases()
    assert len(found) >= 500
    assert {case.kind for case in found} == set(KINDS)


@pytest.mark.slow
async def test_asking_answers_as_posting_does_in_every_case(database: Database) -> None:
    made = await build(database)
    answers: Counter[str] = Counter()
    methods: Counter[str] = Counter()
    for case in cases():
        raw = KINDS[case.kind](case)
        evidence = await evidence_of(database, raw)
        expected, decided = await asked(database, case, raw, evidence)
        methods["none" if evidence is None else evidence.method] += 1
        # Mail does not find a list that waits for a listmaster; whoever may see it asks the list itself.
        if case.local in made and case.kind != "nothing in it" and case.local != "pending":
            assert (await asked_of_list(database, case, raw, evidence, made[case.local])) == (
                expected,
                decided,
            ), case
        told = await receive(database, case.path, case.recipient, raw, evidence)
        assert said(told) == expected, case
        answers[f"{told.code} {told.enhanced}"] += 1
    assert methods["dkim"] > 100
    # The corpus would be no corpus if everything were answered alike.
    assert set(answers) == {
        "250 2.0.0", "250 2.6.0", "450 4.7.1", "550 5.1.1", "550 5.6.0", "550 5.7.1", "552 5.3.4", "554 5.4.6", "554 5.6.0",
    }  # fmt: skip


async def test_asking_leaves_nothing_behind(database: Database) -> None:
    await build(database)
    before = await contents(database)
    for case in cases():
        raw = KINDS[case.kind](case)
        await asked(database, case, raw, await evidence_of(database, raw))
    assert await contents(database) == before
    assert not database.site.later.waiting


async def test_a_final_answer_keeps_its_refusal_for_those_who_ask_why(database: Database) -> None:
    made = await build(database)
    case = Case("private", STRANGER)
    async with database.read() as reader:
        found = await preview_at(reader, case.recipient, parse_message(plain(case)), STRANGER, is_final=True)
    [kept] = database.site.later.waiting.values()
    assert found.decision is not None
    assert (kept.id, kept.list_id, kept.sender) == (found.decision.id, made["private"].id, STRANGER)


def said(reply: Reply) -> tuple[int, str | None, str]:
    """What is compared: a refusal word for word but for the page of its decision, otherwise the code."""
    text = (
        "" if reply.is_positive else re.sub(r"(; | \()https?://\S+/decisions/[0-9a-v]{26}", r"\1", reply.text)
    )
    return reply.code, reply.enhanced, text.replace("; )", ")").replace(" ()", "")


async def evidence_of(database: Database, raw: bytes) -> Evidence | None:
    """What the doors find out about a message."""
    try:
        return await gather(parse_message(raw), checks(database.site))
    except BadMessage:
        return None


async def asked(
    database: Database, case: Case, raw: bytes, evidence: Evidence | None
) -> tuple[tuple[int, str | None, str], str | None]:
    """The answer and the action that a preview gives for a recipient."""
    try:
        message = parse_message(raw)
    except BadMessage as bad:
        return said(answer_to(bad)), None
    async with database.read() as reader:
        found = await preview_at(reader, case.recipient, message, case.path, evidence)
    return said(found.reply), found.decision and found.decision.action


async def asked_of_list(
    database: Database, case: Case, raw: bytes, evidence: Evidence | None, mlist: MailingList
) -> tuple[tuple[int, str | None, str], str | None]:
    """The same for a list that is known already."""
    async with database.read() as reader:
        robot = await robots.find(reader, DOMAIN)
        assert robot is not None
        found = await preview(reader, robot, mlist, parse_message(raw), case.path, evidence)
    return said(found.reply), found.decision and found.decision.action


async def contents(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    async with database.read() as reader:
        return {
            table.name: await one(reader, Query(select(func.count()).select_from(table), int))
            for table in everything.metadata.sorted_tables
        }
