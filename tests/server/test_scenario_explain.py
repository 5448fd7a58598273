"""At the command line: why a decision was taken, and what a list would answer, without doing it."""

import asyncio
from pathlib import Path
from typing import Any

from delivery.reception import receive
from lists import decisions
from server.commands.shell import opened
from tests.server.command_line import STAFF, Run


def post(author: str) -> str:
    """Somebody writes to the list by mail and is refused; the decision's id."""

    async def work() -> str:
        async with opened() as database:
            raw = f"From: {author}\r\nTo: {STAFF}\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nx\r\n"
            reply = await receive(database, author, STAFF, raw.encode())
            assert reply.code == 550, reply
            [waiting] = database.site.later.waiting
            await decisions.write_waiting(database)
            return waiting

    return asyncio.run(work())


def test_a_refused_message_is_explained_by_its_id(lists: Run) -> None:
    lists("list", "set", STAFF, "send=private")
    name = post("eve@example.com")
    found: dict[str, Any] = lists("scenario", "explain", name)
    assert (found["id"], found["action"], found["scenario"]) == (name, "reject", "private")
    assert (found["sender"], found["message_id"]) == ("eve@example.com", "<1@x>")
    assert found["trace"][-1]["outcome"] == "true"
    told = lists("scenario", "explain", name, plain=True)
    assert f"send.private, line {found['line']}" in told
    assert "eve@example.com" in told


def test_what_a_list_would_answer_depends_on_who_asks(lists: Run, tmp_path: Path) -> None:
    lists("list", "set", STAFF, "send=private")
    message = tmp_path / "message.eml"
    message.write_bytes(b"From: carol@example.edu\r\nSubject: Hello\r\nMessage-ID: <2@x>\r\n\r\nHello\r\n")
    file = tmp_path / "members.csv"
    file.write_text("email\ncarol@example.edu\n")
    lists("membership", "import", STAFF, str(file), "--quiet")
    member = ("--sender", "carol@example.edu", "--message", str(message))
    assert lists("scenario", "explain", STAFF, *member)["action"] == "do_it"
    assert lists("scenario", "explain", STAFF)["action"] == "reject"
    assert (
        lists("scenario", "explain", STAFF, "--operation", "review", "--method", "md5")["action"] == "reject"
    )


def test_what_is_not_there_is_said(lists: Run) -> None:
    assert "NOT_FOUND" in lists("scenario", "explain", "0" * 26, fails=1)
    assert "NOT_FOUND" in lists("scenario", "explain", "nolist@lists.example.org", fails=1)
    assert "NOT_FOUND" in lists("scenario", "explain", STAFF, "--message", "/nowhere", fails=1)
    assert "INVALID" in lists("scenario", "explain", STAFF, "--operation", "sing", fails=1)
    assert "INVALID" in lists("scenario", "explain", STAFF, "--sender", "no address", fails=1)
