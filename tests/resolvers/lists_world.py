"""Lists and people behind a GraphQL endpoint: whoever asks is named by a role, and asks with a session of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from delivery.reception import receive
from identity.actor import operator
from identity.people import create_person
from lists import mailing_lists, roles, rosters
from storage import lists as stored_lists
from storage.database import Database
from storage.tables.lists import MailingList
from storage.tables.people import Person
from storage.tables.words import RoleKind
from tests.identity.world import Watched
from tests.server.graphql_world import HOST, World, world_of

ADDRESS = {
    "owner": "carol@example.edu",
    "moderator": "erin@example.edu",
    "subscriber": "alice@example.edu",
    "outsider": "bob@example.edu",
    "listmaster": "lena@example.edu",
}
ROLES = (*ADDRESS, "stranger")


@dataclass
class Scene:
    """The world with its people's sessions and its lists by name."""

    world: World
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    lists: dict[str, MailingList] = field(default_factory=dict)

    @property
    def db(self) -> Database:
        """The database."""
        return self.world.db

    async def ask(self, role: str, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to somebody; nothing may break inside."""
        found = await self.world.ask(query, variables, token=self.tokens.get(role))
        assert "INTERNAL_SERVER_ERROR" not in str(found), found
        return found

    async def data(self, role: str, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        found = await self.ask(role, query, **variables)
        assert "errors" not in found, found
        data: dict[str, Any] = found["data"]
        return data

    async def do(self, role: str, mutation: str, input: dict[str, Any], answer: str) -> dict[str, Any]:
        """The payload of one mutation with one input."""
        kind = mutation[0].upper() + mutation[1:] + "Input"
        query = f"""mutation ($input: {kind}!) {{ {mutation}(input: $input) {{
            {answer} userErrors {{ code message path }} clientMutationId }} }}"""
        payload: dict[str, Any] = (await self.data(role, query, input=input))[mutation]
        return payload

    async def id_of(self, name: str, role: str = "owner") -> str:
        """The global id of a list."""
        query = "query ($a: EmailAddress!) { mailingList(address: $a) { id } }"
        found: str = (await self.data(role, query, a=f"{name}@{HOST}"))["mailingList"]["id"]
        return found

    async def make(self, name: str, **settings: str) -> MailingList:
        """A list that carol owns and erin moderates."""
        robot = self.world.robot
        async with self.db.write() as uow:
            mlist = await mailing_lists.create_list(
                uow,
                operator(robot),
                robot,
                name,
                name.title(),
                {"visibility": "noconceal", **settings},
                [ADDRESS["owner"]],
            )
            await roles.grant(uow, operator(robot), mlist, ADDRESS["moderator"], RoleKind.EDITOR)
        self.lists[name] = mlist
        return mlist

    async def put(self, name: str, *addresses: str) -> None:
        """Subscribe addresses without a word."""
        robot = self.world.robot
        for start in range(0, len(addresses), 100):
            async with self.db.write() as uow:
                some = addresses[start : start + 100]
                await rosters.add(uow, operator(robot), self.lists[name], some, quiet=True)

    async def mail(self, name: str, author: str, subject: str = "Hello", text: str = "Words.") -> None:
        """Somebody writes to a list by mail."""
        raw = (
            f"From: {author}\r\nTo: {name}@{HOST}\r\nSubject: {subject}\r\n"
            f"Message-ID: <{subject.replace(' ', '.')}.{name}@example.edu>\r\n\r\n{text}\r\n"
        )
        reply = await receive(self.db, author, f"{name}@{HOST}", raw.encode())
        assert reply.code == 250, reply

    async def now(self, name: str) -> MailingList:
        """A list as it is now."""
        async with self.db.read() as reader:
            found = await stored_lists.by_id(reader, self.lists[name].id)
        assert found is not None
        return found


async def scene_in(world: World) -> Scene:
    """Everybody with a session, and the list `talk` that alice is on."""
    scene = Scene(world)
    for role, address in ADDRESS.items():
        if role == "subscriber":
            scene.people[role] = world.alice
        else:
            async with world.db.write() as uow:
                scene.people[role] = await create_person(uow, address, proved=True)
        scene.tokens[role] = await world.signed_in(scene.people[role])
    async with world.db.write() as uow:
        await roles.grant_listmaster(uow, operator(world.robot), world.robot, ADDRESS["listmaster"])
    await scene.make("talk", subscribe="open", review="private", archive_web_access="private")
    await scene.put("talk", ADDRESS["subscriber"])
    return scene


@asynccontextmanager
async def watched_scene(database: Database) -> AsyncIterator[tuple[Scene, Watched]]:
    """The scene over a database that writes down what it is asked."""
    watched = Watched(database)
    async with world_of(watched) as world:
        yield await scene_in(world), watched
