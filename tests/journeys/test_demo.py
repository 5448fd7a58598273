"""The demo as a newcomer meets it: every example of the playground runs as the person it names, in order, and does what it says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from playground.app import DemoPerson
from playground.demo import greeting, run_demo
from playground.demo_world import DOMAIN, PEOPLE
from playground.operations import Operation, read_operations
from server.asking import COOKIE
from server.settings import Settings
from tests.databases import free_port
from tests.playground.references import resolve

SIGN_IN = """
mutation($id: ID!, $fields: [SignInFieldInput!]) {
  signInFinish(input: {attemptId: $id, fields: $fields}) {
    step { ... on SignInDone { session { id } } } userErrors { code message } } }
"""
BEGIN = 'mutation { signInStart(input: {provider: "password"}) { step { ... on SignInForm { attemptId fields { name } } } } }'


class Newcomer:
    """A browser that signs in as whom an example names, and reads the mailbox page."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.who: str | None = None
        self.client = httpx.AsyncClient(base_url=url, timeout=20, headers={"X-CSRF-Token": "1"})

    async def post(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of an operation, which must not have errors."""
        answer = (
            await self.client.post("/graphql", json={"query": query, "variables": variables or {}})
        ).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def ask(self, query: str) -> Any:
        """For references inside variables."""
        return await self.post(query)

    async def become(self, email: str | None) -> None:
        """Sign in as one of the demo people; who is signed in stays so, and an example for anybody takes anybody."""
        if email is None or email == self.who:
            return
        self.client.cookies.clear()
        self.who = email
        step = (await self.post(BEGIN))["signInStart"]["step"]
        names = [field["name"] for field in step["fields"]]
        values = dict(zip(names, (email, "demo"), strict=True))
        fields = [{"name": name, "value": value} for name, value in values.items()]
        await self.post(SIGN_IN, {"id": step["attemptId"], "fields": fields})
        assert COOKIE in self.client.cookies

    async def letters(self, to: str) -> list[dict[str, Any]]:
        """What the mailbox has for an address, newest last."""
        found: list[dict[str, Any]] = (
            await self.client.get("/playground/mailbox.json", params={"to": to})
        ).json()
        return found

    async def newest_mail(self, to: str) -> str:
        """The text of the newest mail to an address, which may still be on its way."""
        for _ in range(100):
            if found := await self.letters(to):
                return str(found[-1]["raw"])
            await asyncio.sleep(0.05)
        raise AssertionError(f"no mail to {to}")

    async def run(self, example: Operation) -> Any:
        """Run an example as its person, with its variables looked up."""
        await self.become(example.actor)
        if example.name == "31-email-confirm":
            await self.newest_mail("bob.second@example.net")
        variables = await resolve(example.variables, self.ask, self.newest_mail)
        if example.query.lstrip().startswith("subscription"):
            return await self.first_event(example.query, variables)
        return await self.post(example.query, variables)

    async def first_event(self, query: str, variables: Any) -> Any:
        """The first event of a subscription, as server-sent events bring it."""
        body = {"query": query, "variables": variables}
        async with self.client.stream(
            "POST", "/graphql", json=body, headers={"Accept": "text/event-stream"}
        ) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data:") and len(line) > 6:
                    return httpx.Response(200, text=line[5:]).json()["data"]
        raise AssertionError("no event came")


@pytest.fixture
async def newcomer(tmp_path: Path) -> AsyncIterator[Newcomer]:
    """The demo on free ports, and somebody in front of it."""
    settings = Settings(data_dir=tmp_path, http_port=free_port(), lmtp_port=free_port(), mail_hostname=DOMAIN)
    stop = asyncio.Event()
    running = asyncio.create_task(run_demo(settings, stop))
    somebody = Newcomer(settings.public_url)
    try:
        await _ready(somebody, running)
        yield somebody
    finally:
        await somebody.client.aclose()
        stop.set()
        await asyncio.wait_for(running, 10)


async def _ready(somebody: Newcomer, running: "asyncio.Task[None]") -> None:
    for _ in range(300):
        if running.done():
            running.result()
        try:
            if (await somebody.client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.02)
    raise AssertionError("the demo did not become ready")


async def test_every_example_runs_from_top_to_bottom_without_an_error(newcomer: Newcomer) -> None:
    for example in read_operations():
        data = await newcomer.run(example)
        for name, payload in data.items():
            if isinstance(payload, dict) and "userErrors" in payload:
                assert payload["userErrors"] == [], f"{example.name}: {name}"
            assert payload is not None, f"{example.name}: {name}"


async def test_bob_joins_and_posts_and_the_message_reaches_the_others(newcomer: Newcomer) -> None:
    examples = {example.name: example for example in read_operations()}
    joined = await newcomer.run(examples["20-subscribe"])
    assert joined["mailingListSubscribe"]["membership"] is not None
    await newcomer.run(examples["40-post"])
    await newcomer.run(examples["42-approve"])
    for _ in range(100):
        subjects = [letter["subject"] for letter in await newcomer.letters("bob@example.edu")]
        if "Croquet on Sunday" in subjects:
            break
        await asyncio.sleep(0.05)
    assert "Croquet on Sunday" in subjects


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.email)
async def test_everybody_of_the_demo_can_sign_in(newcomer: Newcomer, person: DemoPerson) -> None:
    await newcomer.become(person.email)
    viewer = (await newcomer.post("{ viewer { user { mainEmail } } }"))["viewer"]
    assert viewer["user"]["mainEmail"] == person.email


async def test_the_secret_list_shows_itself_to_carol_and_not_to_bob(newcomer: Newcomer) -> None:
    seen = {}
    for email in ("bob@example.edu", "carol@example.edu"):
        await newcomer.become(email)
        lists = (await newcomer.post("{ mailingLists(first: 20) { edges { node { address } } } }"))[
            "mailingLists"
        ]
        seen[email] = {edge["node"]["address"].partition("@")[0] for edge in lists["edges"]}
    assert seen == {
        "bob@example.edu": {"welcome", "announce"},
        "carol@example.edu": {"welcome", "announce", "staff"},
    }


def test_the_greeting_names_the_places_and_the_people(tmp_path: Path) -> None:
    told = greeting(Settings(data_dir=tmp_path))
    for word in ("http://127.0.0.1:8025/playground/mailbox", "alice@example.edu", '"demo"', "127.0.0.1:8024"):
        assert word in told
