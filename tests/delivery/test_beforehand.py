"""Rules that ask other servers do so before a transaction is open: a slow directory holds up nobody's mail."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from delivery.door.envelope import LmtpEnvelope, LmtpSession
from delivery.reception import Reception
from mail.status import Reply
from storage import scenario_texts
from storage.database import Database
from tests.delivery.test_flow import a_list, a_message, posts_of
from tests.plugins import installed

_PLUGIN = '''
"""A package whose condition asks whether somebody else could write just now."""

import asyncio

database = None
asked = 0

async def others_can_write():
    global asked
    asked += 1
    try:
        async with asyncio.timeout(1), database.write():
            return True
    except TimeoutError:
        return False
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with installed(tmp_path, monkeypatch, "slow_plugin", _PLUGIN, ("others_can_write",)):
        yield


async def _delivered(database: Database, raw: bytes) -> Reply:
    envelope = LmtpEnvelope(
        "m0@example.edu",
        ("welcome@lists.example.org",),
        raw,
        smtputf8=False,
        parameters={},
        xforward={},
    )
    (reply,) = await Reception(database).deliver(LmtpSession("127.0.0.1"), envelope)
    return reply


@pytest.mark.usefixtures("plugin")
async def test_a_slow_question_is_asked_while_others_can_write(database: Database) -> None:
    _, mlist = await a_list(database)
    text = "CustomCondition::others_can_write() smtp,dkim,md5,smime -> do_it\n"
    async with database.write() as uow:
        await scenario_texts.put(
            uow, robot_id=mlist.robot_id, list_id=mlist.id, operation="send", name="private", text=text
        )
    import slow_plugin  # type: ignore[import-not-found]  # noqa: PLC0415  (it exists in this test alone)

    slow_plugin.database = database
    reply = await asyncio.wait_for(_delivered(database, a_message()), 30)
    assert (reply.code, slow_plugin.asked) == (250, 1)
    assert len(await posts_of(database, mlist)) == 1


async def test_lists_whose_rules_ask_nobody_else_take_mail_as_ever(database: Database) -> None:
    _, mlist = await a_list(database)
    assert (await _delivered(database, a_message())).code == 250
    assert (await _delivered(database, b"no message at all")).code == 550
    assert len(await posts_of(database, mlist)) == 1
