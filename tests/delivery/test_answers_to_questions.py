"""A mail that asks for a confirmation is answered by its link alone: nothing that comes back by mail is a yes."""

import re

import pytest

from delivery.reception import receive
from identity import tickets
from mail.message import parse_message
from storage.database import Database
from tests.delivery.test_flow import a_list, mails_to
from tests.delivery.test_mail_commands import OWNER, ask, confirm, members

AUTOMATIC = "Auto-Submitted: auto-replied\r\n"
NEW = "new@example.edu"


@pytest.mark.parametrize(
    "place", ["welcome-request", "welcome", "welcome-owner", "welcome-subscribe", "listmaster"]
)
@pytest.mark.parametrize("more", [AUTOMATIC, "Precedence: auto_reply\r\n", "X-Autoreply: yes\r\n", ""])
async def test_no_mail_that_quotes_a_question_confirms_it(database: Database, place: str, more: str) -> None:
    """Pitfall 59: a vacation notice, or a person who just presses "reply", sends the whole text and its link back."""
    _, mlist = await a_list(database)
    [asked] = await ask(database, mlist, OWNER, f"add {NEW}")
    link = re.search(r"/t/(\S+)", asked)
    assert link is not None
    told = len(await mails_to(database, OWNER))
    subject = parse_message(asked.encode()).first("Subject") or "x"
    quoted = "".join(f"> {line}\r\n" for line in asked.splitlines())
    for number, body in enumerate((quoted, asked, f"yes\r\n{link[1]}\r\n", link[0])):
        raw = (
            f"From: {OWNER}\r\nTo: {place}@{mlist.domain}\r\nSubject: Re: {subject} {link[1]}\r\n"
            f"Message-ID: <{number}.{place}@x>\r\n{more}\r\n{body}\r\n"
        )
        await receive(database, OWNER, f"{place}@{mlist.domain}", raw.encode())
    assert NEW not in await members(database, mlist)
    if more and place != "welcome-owner":
        # Nor is a machine answered, which would answer again (pitfall 60); what owners are written goes to owners.
        assert len(await mails_to(database, OWNER)) == told
    async with database.read() as reader:
        assert await tickets.look(reader, link[1]) is not None
    assert await confirm(database, asked) == ""
    assert NEW in await members(database, mlist)
