"""A small world behind a GraphQL endpoint in this process: one robot, Alice with a password, Lena the listmaster."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from identity import sessions, tokens
from identity.actor import operator
from identity.passwords import hash_password, keep
from identity.people import create_person
from server.asking import COOKIE
from server.graphql.face import Face
from server.graphql.routes import routes_of
from storage import robots
from storage.database import Database
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.words import SignInMethod, Strength, TokenScope
from tests.identity import world as identity_world

HOST = "lists.example.test"
BASE = f"https://{HOST}"
CSRF = {"X-CSRF-Token": "1"}


@dataclass
class World:
    """The database, its robot and people, and a client without any cookie."""

    db: Database
    face: Face
    robot: Robot
    alice: Person
    app: Starlette
    client: httpx.AsyncClient
    sessions: dict[str, str] = field(default_factory=dict)

    async def post(self, body: Any, **options: Any) -> httpx.Response:
        """Send a JSON body to /graphql."""
        return await self.client.post("/graphql", json=body, **options)

    async def ask(
        self, query: str, variables: dict[str, Any] | None = None, *, token: str | None = None
    ) -> dict[str, Any]:
        """The answer to a document, asked as a stranger or with a bearer token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        found = await self.post({"query": query, "variables": variables or {}}, headers=headers)
        answer: dict[str, Any] = found.json()
        return answer

    async def signed_in(self, person: Person | None = None) -> str:
        """The token of a new session."""
        who = person or self.alice
        async with self.db.write() as uow:
            _, token = await sessions.open_session(
                uow,
                who,
                self.robot,
                method=SignInMethod.PASSWORD,
                strength=Strength.MD5,
                address=who.main_address,
                user_agent="a test",
            )
        return token

    async def letters(self) -> list[identity_world.Letter]:
        """Every mail that waits to be sent, oldest first."""
        return await identity_world.World(self.db, self.robot).mails()

    async def api_token(self, *scopes: TokenScope) -> str:
        """The secret of a new API token of Alice's."""
        async with self.db.write() as uow:
            _, secret = await tokens.make_token(uow, operator(self.robot), self.alice.id, "a test's", scopes)
        return secret


@asynccontextmanager
async def world_of(db: Database, **options: Any) -> AsyncIterator[World]:
    """The world over an empty database; `options` go to the face."""
    hashed = await hash_password("correct horse battery")
    async with db.write() as uow:
        robot = await robots.add(uow, HOST, "Example lists")
        alice = await create_person(uow, "alice@example.edu", display_name="Alice", proved=True)
        await keep(uow, alice.id, hashed)
    face = Face(db, **options)
    app = Starlette(routes=routes_of(face))
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield World(db, face, robot, alice, app, client)


def cookie(token: str) -> dict[str, str]:
    """The header fields of a browser that is signed in."""
    return {"Cookie": f"{COOKIE}={token}", **CSRF}
