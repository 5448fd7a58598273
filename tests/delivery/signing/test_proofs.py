"""A delivery remembers how surely its author was known, also when an editor let it through days later."""

import pytest

from delivery.evidence import Evidence
from delivery.moderation import decide
from delivery.reception import receive
from identity.actor import operator
from mail.address import address_key
from storage import moderation
from storage.database import Database
from storage.tables.words import ModerationState
from tests.delivery.test_flow import a_list, a_message, posts_of

SIGNED = Evidence("dkim", detail="example.edu: DKIM", recipients=frozenset({"welcome@lists.example.org"}))


@pytest.mark.parametrize(
    ("evidence", "proofs"), [(None, "smtp"), (SIGNED, "dkim"), (Evidence("smime"), "smime")]
)
async def test_a_post_is_known_by_what_it_came_with(
    database: Database, evidence: Evidence | None, proofs: str
) -> None:
    _, mlist = await a_list(database, send="public")
    assert (await receive(database, "m0@example.edu", mlist.address, a_message(), evidence)).is_positive
    [delivery] = await posts_of(database, mlist)
    assert delivery.proofs == proofs


@pytest.mark.parametrize(("evidence", "proofs"), [(None, "smtp"), (SIGNED, "dkim")])
async def test_an_editors_yes_is_added_to_it(
    database: Database, evidence: Evidence | None, proofs: str
) -> None:
    robot, mlist = await a_list(database, send="editorkey")
    assert address_key(mlist.address) in SIGNED.recipients
    assert (await receive(database, "m0@example.edu", mlist.address, a_message(), evidence)).is_positive
    async with database.write() as uow:
        item = await moderation.by_id(uow, 1)
        assert item is not None
        await decide(uow, operator(robot), mlist, item, ModerationState.APPROVED)
    [delivery] = await posts_of(database, mlist)
    assert delivery.proofs == f"{proofs} editor-validated"
