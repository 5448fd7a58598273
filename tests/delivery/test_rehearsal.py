"""What a rehearsal says is what posting does, for everybody at every list, and it leaves nothing behind (row 102)."""

from collections import Counter

from delivery.rehearsal import explain
from identity.actor import operator
from lists.explaining import Supposition
from mail.message import parse_message
from storage import robots
from storage.database import Database
from tests.delivery.corpus import DOMAIN, Case, build, cases, plain, preview
from tests.delivery.test_preview import contents


def posts() -> list[Case]:
    """The plain messages of the corpus that come to a list's own address."""
    return [case for case in cases() if case.kind == "plain" and case.reverse_path is None]


async def test_a_rehearsal_answers_as_posting_does(database: Database) -> None:
    made = await build(database)
    before = await contents(database)
    answers: Counter[str] = Counter()
    async with database.read() as reader:
        robot = await robots.find(reader, DOMAIN)
        assert robot is not None
        for case in posts():
            if case.local not in made:
                continue
            raw, mlist = plain(case), made[case.local]
            asked = await preview(reader, robot, mlist, parse_message(raw), case.path)
            what = Supposition(email=case.sender, method="smtp")
            told = await explain(reader, operator(robot), "send", mlist, what, raw)
            assert asked.decision is not None
            assert (told.decision.action, told.decision.line, told.decision.element) == (
                asked.decision.action,
                asked.decision.line,
                asked.decision.element,
            ), case
            assert not told.decision.id
            answers[told.decision.action] += 1
    assert sum(answers.values()) > 250
    assert {"do_it", "reject", "request_auth", "editorkey"} <= set(answers)
    assert await contents(database) == before
    assert not database.site.later.waiting


async def test_what_the_rules_do_not_come_to_is_refused_in_the_doors_own_words(database: Database) -> None:
    made = await build(database)
    async with database.read() as reader:
        robot = await robots.find(reader, DOMAIN)
        assert robot is not None
        raw = plain(Case("public", "m0@example.edu"), body="x" * 10_000_000)
        told = await explain(reader, operator(robot), "send", made["public"], Supposition(), raw)
    assert (told.decision.action, told.decision.line, told.steps) == ("reject", None, ())
    assert "bytes" in (told.decision.reason or "")
