"""The application as somebody hostile meets it: Mallory has an account, a list of her own, and a browser."""

from dataclasses import dataclass
from typing import Any

import httpx

from identity import sessions, tokens
from identity.actor import operator
from identity.people import create_person
from lists import mailing_lists, robots, roles, rosters
from server.asking import COOKIE
from storage import robots as robot_rows
from storage.tables.applications import Application
from storage.tables.lists import MailingList, Robot
from storage.tables.people import Person
from storage.tables.words import RoleKind, SignInMethod, Strength, TokenScope
from tests.identity import world as identity_world
from tests.identity.application_client import client
from tests.server.pages_world import BASE, HOST, World

ELSEWHERE = "other.example.test"
OPEN = {
    "send": "public",
    "subscribe": "open",
    "visibility": "noconceal",
    "review": "private",
    "archive_web_access": "public",
}
MUTATION = """mutation ($input: {kind}!) {{ {name}(input: $input) {{ {answer} userErrors {{ code message path }} }} }}"""


@dataclass
class Hostile:
    """The application, who lives in it, and Mallory."""

    world: World
    mallory: Person
    lena: Person
    other_robot: Robot
    talk: MailingList
    secret: MailingList
    hers: MailingList
    elsewhere: MailingList

    @property
    def browser(self) -> httpx.AsyncClient:
        """A browser without any cookie."""
        return self.world.browser

    async def person(self, address: str) -> Person:
        """Somebody new with an account."""
        async with self.world.db.write() as uow:
            return await create_person(uow, address, proved=True)

    async def session(self, person: Person, robot: Robot | None = None) -> str:
        """The token of a new session, good as a bearer's or in a cookie."""
        async with self.world.db.write() as uow:
            _, token = await sessions.open_session(
                uow,
                person,
                robot or self.world.robot,
                method=SignInMethod.PASSWORD,
                strength=Strength.MD5,
                address=person.main_address,
            )
        return token

    async def api_token(self, person: Person, *scopes: TokenScope) -> str:
        """The secret of a new API token."""
        async with self.world.db.write() as uow:
            _, secret = await tokens.make_token(uow, operator(self.world.robot), person.id, "hers", scopes)
        return secret

    async def application(self, name: str) -> Application:
        """An application that may read for people of example.edu."""
        trust: dict[str, Any] = {"scopes": [TokenScope.READ], "domains": ["example.edu"]}
        return (await client(self.world.db, self.world.robot, BASE, name, **trust)).application

    async def ask(
        self, query: str, token: str | None = None, *, host: str = HOST, **variables: Any
    ) -> dict[str, Any]:
        """The answer to a document; nothing may break inside."""
        headers = {"Host": host, **({"Authorization": f"Bearer {token}"} if token else {})}
        found = await self.browser.post(
            "/graphql", json={"query": query, "variables": variables}, headers=headers
        )
        answer: dict[str, Any] = found.json()
        assert "INTERNAL_SERVER_ERROR" not in found.text, found.text
        return answer

    async def do(
        self, name: str, token: str | None, input: dict[str, Any], answer: str = "", *, host: str = HOST
    ) -> dict[str, Any]:
        """The payload of one mutation."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        document = MUTATION.format(kind=kind, name=name, answer=answer)
        found = await self.ask(document, token, host=host, input=input)
        assert found.get("data"), found
        payload: dict[str, Any] = found["data"][name]
        return payload

    async def codes(
        self, name: str, token: str | None, input: dict[str, Any], *, host: str = HOST
    ) -> list[str]:
        """The codes with which a mutation was refused."""
        return [each["code"] for each in (await self.do(name, token, input, host=host))["userErrors"]]

    async def id_of(self, mlist: MailingList, token: str, *, host: str = HOST) -> str:
        """A list's global id, as somebody sees it who sees the list."""
        query = "query ($a: EmailAddress!) { mailingList(address: $a) { id } }"
        found: str = (await self.ask(query, token, host=host, a=mlist.address))["data"]["mailingList"]["id"]
        return found

    async def letters(self, to: str | None = None) -> list[identity_world.Letter]:
        """Mails that wait to be sent, oldest first."""
        return await identity_world.World(self.world.db, self.world.robot).mails(to)


def cookie(token: str, **more: str) -> dict[str, str]:
    """The header fields of a signed-in browser's own page."""
    return {"Cookie": f"{COOKIE}={token}", "X-CSRF-Token": "1", "Origin": BASE, **more}


async def hostile_world(world: World) -> Hostile:
    """Mallory, a listmaster, and lists that are not hers."""
    actor = operator(world.robot)
    async with world.db.write() as uow:
        mallory = await create_person(uow, "mallory@example.net", proved=True)
        lena = await create_person(uow, "lena@example.edu", proved=True)
        await roles.grant_listmaster(uow, actor, world.robot, "lena@example.edu")
        other = await robots.create_robot(uow, actor, ELSEWHERE, public_url=f"https://{ELSEWHERE}")
        await roles.grant_listmaster(uow, operator(other), other, "mallory@example.net")
        made = [
            await mailing_lists.create_list(uow, operator(robot), robot, name, subject, settings, [owner])
            for robot, name, subject, settings, owner in (
                (world.robot, "talk", "Talk", OPEN, "carol@example.edu"),
                (world.robot, "secret", "Hush", {**OPEN, "visibility": "secret"}, "carol@example.edu"),
                (world.robot, "hers", "Hers", OPEN, "mallory@example.net"),
                (other, "talk", "Other talk", OPEN, "mallory@example.net"),
            )
        ]
        await roles.grant(uow, actor, made[0], "carol@example.edu", RoleKind.EDITOR)
        await rosters.add(uow, actor, made[0], ["alice@example.edu", "mallory@example.net"], quiet=True)
        found = await robot_rows.find(uow, ELSEWHERE)
    assert found is not None
    return Hostile(world, mallory, lena, found, *made)
