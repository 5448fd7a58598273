"""The whole way with a real Postfix on both sides: sign in by ticket, prove an alternate, join, post from it, leave."""

import asyncio
import re
import smtplib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mail.message import parse_message
from mail.mime import text_part
from tests.databases import free_port, new_postgresql
from tests.wire.postfix import private_postfix
from tests.wire.postroom import Running, ask, served
from tests.wire.sink import Sink, Taken

MEMBERS = [f"member{n}@example.edu" for n in range(12)]
ALICE, ALTERNATE, CAROL = "alice@example.edu", "a.liddell@example.net", "carol@example.edu"

SIGN_IN = """mutation ($who: EmailAddress!) { signInStart(input: {provider: "ticket", identifier: $who, transport: BEARER}) {
  step { ... on SignInCode { attemptId } } userErrors { message } } }"""
FINISH = """mutation ($attempt: ID!, $code: String!) { signInFinish(input: {attemptId: $attempt, code: $code}) {
  step { ... on SignInDone { token } } userErrors { message } } }"""
LINK = "mutation ($email: EmailAddress!) { emailLink(input: {email: $email}) { userErrors { message } } }"
CONFIRM = """mutation ($email: EmailAddress!, $code: String!) { emailConfirm(input: {email: $email, code: $code}) {
  userEmail { status } userErrors { message } } }"""
LIST = """{ mailingList(address: "welcome@lists.example.org") { id archive { messages(first: 5) { edges { node {
  permalink archivedAt message { subject internetMessageId } } } } } } }"""
SUBSCRIBE = """mutation ($list: ID!) { mailingListSubscribe(input: {mailingListId: $list}) {
  membership { email } userErrors { message } } }"""
MINE = "{ viewer { user { memberships(first: 20) { edges { node { email mailingList { address } } } } } } }"


class Inbox:
    """What has arrived for whom, beyond Postfix."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def newest(self, address: str, has: Callable[[Taken], bool] = lambda _: True) -> Taken:
        """The newest message for an address; waits for it."""
        async with asyncio.timeout(30):
            while True:
                found = [each for each in self._sink.taken if address in each.recipients and has(each)]
                if found:
                    return found[-1]
                await asyncio.sleep(0.05)

    async def code(self, address: str) -> str:
        """The code in the newest mail of ours for an address; the mail is forgotten."""
        mail = await self.newest(address)
        self._sink.taken.remove(mail)
        found = re.search(r"\b([0-9]{6,}|[0-9A-Z]{4}-?[0-9A-Z]{4})\b", text_part(parse_message(mail.data)))
        assert found is not None
        return found[1]


def is_post(taken: Taken) -> bool:
    return b"List-Id: " in taken.data and b"A question." in taken.data


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_the_whole_way_through_a_real_postfix_on_both_sides(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    lmtp_port = free_port()
    url = f"sqlite+aiosqlite:///{tmp_path}/postroom.db"
    if kind == "postgresql":
        url = await new_postgresql(request.getfixturevalue("postgresql"))
    async with Sink() as sink:
        # Postfix blocks while it starts, and the sink lives on this loop: so everything that waits runs in a thread.
        with (
            private_postfix(lmtp_port=lmtp_port, sink_port=sink.port) as postfix,
            served(
                tmp_path, smtp_port=postfix.submission_port, lmtp_port=lmtp_port, database_url=url
            ) as server,
        ):
            prepare(server, tmp_path)
            token = await signed_in(server, Inbox(sink))
            await proved_alternate(server, token, Inbox(sink))
            await joined(server, token)
            await posted(postfix.mx_port)
            await check_everybody_has_one_copy(sink)
            await check_the_archive(server, token)
            await left_by_one_click(server, token, Inbox(sink))


def prepare(server: Running, place: Path) -> None:
    server.command("robot", "create", "lists.example.org")
    settings = ["--set", "send=private", "--set", "subscribe=open", "--set", "personalization=always"]
    settings += ["--set", "visibility=noconceal"]
    server.command(
        "list", "create", "welcome@lists.example.org", "--subject", "Welcome", "--owner", CAROL, *settings
    )
    members = place / "members.csv"
    members.write_text("email\n" + "\n".join(MEMBERS) + "\n")
    server.command("membership", "import", "welcome@lists.example.org", str(members), "--quiet")


async def asked(server: Running, token: str | None, document: str, **variables: Any) -> Any:
    with server.client(token) as client:
        return await asyncio.to_thread(ask, client, document, **variables)


async def signed_in(server: Running, inbox: Inbox) -> str:
    started = await asked(server, None, SIGN_IN, who=ALICE)
    attempt = started["signInStart"]["step"]["attemptId"]
    done = await asked(server, None, FINISH, attempt=attempt, code=await inbox.code(ALICE))
    assert done["signInFinish"]["userErrors"] == []
    return str(done["signInFinish"]["step"]["token"])


async def proved_alternate(server: Running, token: str, inbox: Inbox) -> None:
    await asked(server, token, LINK, email=ALTERNATE)
    done = await asked(server, token, CONFIRM, email=ALTERNATE, code=await inbox.code(ALTERNATE))
    assert done["emailConfirm"]["userEmail"] == {"status": "VERIFIED"}


async def joined(server: Running, token: str) -> None:
    mlist = (await asked(server, token, LIST))["mailingList"]["id"]
    done = await asked(server, token, SUBSCRIBE, list=mlist)
    assert done["mailingListSubscribe"]["membership"] == {"email": ALICE}


async def posted(mx_port: int) -> None:
    message = (
        f"From: Alice <{ALTERNATE}>\r\nTo: welcome@lists.example.org\r\nSubject: Grüße\r\n"
        "Message-ID: <question@example.net>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\nA question.\r\n"
    )
    await asyncio.to_thread(submit, mx_port, message.encode())


def submit(mx_port: int, message: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", mx_port) as client:
        refused = client.sendmail(
            ALTERNATE, ["welcome@lists.example.org"], message, mail_options=["BODY=8BITMIME"]
        )
        assert refused == {}


async def check_everybody_has_one_copy(sink: Sink) -> None:
    expected = {*MEMBERS, ALICE}
    async with asyncio.timeout(30):
        while {address for each in sink.taken if is_post(each) for address in each.recipients} != expected:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    copies = [each for each in sink.taken if is_post(each)]
    assert Counter(address for each in copies for address in each.recipients) == dict.fromkeys(expected, 1)
    for copy in copies:
        check_list_fields(parse_message(copy.data))


def check_list_fields(copy: Any) -> None:
    assert copy.first("List-Id") == "Welcome <welcome.lists.example.org>"
    assert copy.first("List-Post") == "<mailto:welcome@lists.example.org>"
    assert copy.first("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert re.match(r"<http://127\.0\.0\.1:\d+/u/[\w-]+>, <mailto:", copy.first("List-Unsubscribe"))
    assert re.match(r"<http://127\.0\.0\.1:\d+/lists/welcome/archive/[\w-]+>", copy.first("Archived-At"))
    assert copy.first("From") == f"Alice <{ALTERNATE}>"
    assert copy.first("Subject") == "Grüße"
    assert copy.first("Errors-To") is None


async def check_the_archive(server: Running, token: str) -> None:
    found = (await asked(server, token, LIST))["mailingList"]["archive"]["messages"]["edges"]
    assert [each["node"]["message"]["subject"] for each in found] == ["Grüße"]


async def left_by_one_click(server: Running, token: str, inbox: Inbox) -> None:
    copy = parse_message((await inbox.newest(ALICE, is_post)).data)
    link = re.search(r"<(http[^>]+)>", copy.first("List-Unsubscribe") or "")
    assert link is not None
    async with httpx.AsyncClient(headers={"Host": server.host}, follow_redirects=False) as stranger:
        looked = await stranger.get(link[1])
        before = await asked(server, token, MINE)
        left = await stranger.post(link[1], data={"List-Unsubscribe": "One-Click"})
        after = await asked(server, token, MINE)
    assert (looked.status_code, left.status_code) == (200, 200)
    assert len(before["viewer"]["user"]["memberships"]["edges"]) == 1
    assert after["viewer"]["user"]["memberships"]["edges"] == []
