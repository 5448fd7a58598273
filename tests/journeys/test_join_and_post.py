"""Somebody new signs in by ticket, proves a second address, joins, writes by the API and by mail, and leaves by one press."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from delivery.line import MailServer
from delivery.reception import receive
from delivery.worker import Worker
from identity.actor import operator
from lists import mailing_lists, rosters
from mail.message import Message, parse_message
from server.graphql.routes import routes_of
from server.one_click import one_click_routes
from storage.database import Database
from tests.server.graphql_world import BASE, HOST, World, world_of
from tests.wire.sink import Sink, Taken

NEWCOMER, ALTERNATE = "zoe@example.edu", "z.smith@example.net"
OTHERS = tuple(f"member{n}@example.edu" for n in range(5))
LIST = f"welcome@{HOST}"

START = """mutation ($who: EmailAddress!) { signInStart(input: {provider: "ticket", identifier: $who, transport: BEARER}) {
  step { ... on SignInCode { attemptId } } userErrors { message } } }"""
FINISH = """mutation ($attempt: ID!, $code: String!) { signInFinish(input: {attemptId: $attempt, code: $code}) {
  step { ... on SignInDone { token } } userErrors { message } } }"""
LINK = "mutation ($email: EmailAddress!) { emailLink(input: {email: $email}) { userErrors { message } } }"
CONFIRM = """mutation ($email: EmailAddress!, $code: String!) { emailConfirm(input: {email: $email, code: $code}) {
  userEmail { email status } userErrors { message } } }"""
FIND = """query ($a: EmailAddress!) { mailingList(address: $a) { id viewerMemberships { email }
  viewerPermissions { canSubscribe canPost } archive { messages(first: 10) { totalCount edges { node { permalink
    message { subject author { email } internetMessageId } } } } } } }"""
JOIN = """mutation ($list: ID!) { mailingListSubscribe(input: {mailingListId: $list}) {
  membership { email } decision { verdict } userErrors { message } } }"""
POST = """mutation ($list: ID!, $key: String) { messagePost(input: {
  mailingListId: $list, subject: "By the API", text: "A word.", clientMutationId: $key}) { userErrors { message }
  outcome { __typename ... on PostAccepted { messageId delivery { id status progress { total pending } } } } } }"""
PROGRESS = """query ($id: ID!) { node(id: $id) { ... on Delivery { status
  progress { total handedOver pending failed } } } }"""


@dataclass
class Newcomer:
    """Somebody with a client of their own."""

    world: World
    client: httpx.AsyncClient
    token: str | None = None

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = {"query": query, "variables": variables}
        answer = (await self.client.post("/graphql", json=body, headers=headers)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def code(self, address: str) -> str:
        """The code in the newest mail to an address."""
        letters = [each for each in await self.world.letters() if each.to == address]
        return letters[-1].code


@pytest.fixture
async def newcomer(database: Database) -> AsyncIterator[Newcomer]:
    """A robot with the list `welcome`, five members, and somebody nobody knows."""
    async with world_of(database) as world:
        robot = world.robot
        settings = {"send": "private", "visibility": "noconceal", "personalization": "always"}
        async with database.write() as uow:
            mlist = await mailing_lists.create_list(
                uow, operator(robot), robot, "welcome", "Welcome", settings, ["carol@example.edu"]
            )
            await rosters.add(uow, operator(robot), mlist, OTHERS, quiet=True)
        app = Starlette(routes=[*routes_of(world.face), *one_click_routes(database)])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as client:
            yield Newcomer(world, client)


async def delivered(database: Database, newcomer: Newcomer, delivery: str) -> list[Taken]:
    """What a mail server got from a worker that ran until this delivery was complete."""
    async with Sink() as sink:
        worker = Worker(
            database, MailServer("127.0.0.1", sink.port, tls="none"), connections=2, is_alone=True
        )
        running = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(20):
                while (await newcomer.ask(PROGRESS, id=delivery))["node"]["status"] != "COMPLETED":
                    await asyncio.sleep(0.02)
        finally:
            worker.stop.set()
            await asyncio.wait_for(running, 10)
        return [*sink.taken]


def copies(taken: list[Taken], subject: str) -> dict[str, Message]:
    """The copy of a post that each recipient got: exactly one."""
    found = [(each.recipients, parse_message(each.data)) for each in taken]
    posts = [(names, message) for names, message in found if message.first("Subject") == subject]
    count = Counter(name for names, _ in posts for name in names)
    assert set(count.values()) <= {1}, count
    return {name: message for names, message in posts for name in names}


async def sign_in(newcomer: Newcomer) -> None:
    """By a mailed code."""
    started = await newcomer.ask(START, who=NEWCOMER)
    attempt = started["signInStart"]["step"]["attemptId"]
    done = await newcomer.ask(FINISH, attempt=attempt, code=await newcomer.code(NEWCOMER))
    newcomer.token = done["signInFinish"]["step"]["token"]


async def prove_another_address(newcomer: Newcomer) -> None:
    """By a mailed code."""
    await newcomer.ask(LINK, email=ALTERNATE)
    done = await newcomer.ask(CONFIRM, email=ALTERNATE, code=await newcomer.code(ALTERNATE))
    assert done["emailConfirm"]["userEmail"] == {"email": ALTERNATE, "status": "VERIFIED"}


async def join(newcomer: Newcomer) -> str:
    """Under the main address; the list's id."""
    before = (await newcomer.ask(FIND, a=LIST))["mailingList"]
    assert before["viewerPermissions"] == {"canSubscribe": "ALLOW", "canPost": "REJECT"}
    joined = (await newcomer.ask(JOIN, list=before["id"]))["mailingListSubscribe"]
    assert (joined["membership"], joined["decision"]) == ({"email": NEWCOMER}, {"verdict": "ALLOW"})
    after = (await newcomer.ask(FIND, a=LIST))["mailingList"]
    assert after["viewerPermissions"]["canPost"] == "ALLOW"
    list_id: str = after["id"]
    return list_id


async def test_from_a_strangers_ticket_to_leaving_by_one_press(
    newcomer: Newcomer, database: Database
) -> None:
    await sign_in(newcomer)
    await prove_another_address(newcomer)
    list_id = await join(newcomer)

    posted = await newcomer.ask(POST, list=list_id, key="once")
    assert await newcomer.ask(POST, list=list_id, key="once") == posted
    outcome = posted["messagePost"]["outcome"]
    assert outcome["delivery"]["progress"] == {"total": 6, "pending": 6}

    raw = (
        f"From: Zoe <{ALTERNATE}>\r\nTo: {LIST}\r\nSubject: By mail\r\n"
        "Message-ID: <by.mail@example.net>\r\n\r\nAnother word.\r\n"
    )
    assert (await receive(database, ALTERNATE, LIST, raw.encode())).code == 250

    # Nothing has left yet, and both can be read.
    page = (await newcomer.ask(FIND, a=LIST))["mailingList"]["archive"]["messages"]
    assert page["totalCount"] == 2
    by_subject = {each["node"]["message"]["subject"]: each["node"] for each in page["edges"]}
    assert by_subject["By mail"]["message"]["author"] == {"email": ALTERNATE}
    assert by_subject["By the API"]["message"]["internetMessageId"] == outcome["messageId"]

    taken = await delivered(database, newcomer, outcome["delivery"]["id"])
    everybody = {*OTHERS, NEWCOMER}
    for subject in ("By the API", "By mail"):
        got = copies(taken, subject)
        assert set(got) == everybody
        for copy in got.values():
            check_fields(copy, by_subject[subject]["permalink"])
    finished = (await newcomer.ask(PROGRESS, id=outcome["delivery"]["id"]))["node"]
    assert finished["progress"] == {"total": 6, "handedOver": 6, "pending": 0, "failed": 0}

    await leave(newcomer, copies(taken, "By mail")[NEWCOMER])
    refused = await newcomer.ask(POST, list=list_id, key="again")
    assert refused["messagePost"]["outcome"] == {"__typename": "PostRejected"}


def check_fields(copy: Message, permalink: str) -> None:
    """The fields of lists, as their standards want them (RFC 2369, 2919, 5064, 8058)."""
    assert copy.first("List-Id") == f"Welcome <welcome.{HOST}>"
    assert copy.first("List-Post") == f"<mailto:{LIST}>"
    assert copy.first("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert re.match(rf"<{BASE}/u/[\w-]+>, <mailto:", copy.first("List-Unsubscribe") or "")
    assert copy.first("Archived-At") == f"<{permalink}>"


async def leave(newcomer: Newcomer, copy: Message) -> None:
    """By the link in one's own copy: looking changes nothing, one POST ends it."""
    link = re.search(r"<(https[^>]+)>", copy.first("List-Unsubscribe") or "")
    assert link is not None
    assert (await newcomer.client.get(link[1])).status_code == 200
    assert (await newcomer.ask(FIND, a=LIST))["mailingList"]["viewerMemberships"] == [{"email": NEWCOMER}]
    pressed = await newcomer.client.post(link[1], data={"List-Unsubscribe": "One-Click"})
    assert pressed.status_code == 200
    assert (await newcomer.ask(FIND, a=LIST))["mailingList"]["viewerMemberships"] == []
