"""The whole web application in this process: a robot, two lists, Carol who runs them, Alice with a password."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from delivery import reception
from identity import sessions, sign_in
from identity.actor import founder, operator
from identity.passwords import hash_password, keep
from identity.people import create_person
from lists import confirmations, mailing_lists, robots, roles, rosters
from lists.joining import Wishes
from mail.message import parse_message
from mail.mime import text_part
from server.announcing import Announcer
from server.app import web_application
from server.asking import COOKIE
from server.metrics import Metrics
from server.redis_link import RedisLink
from server.settings import Settings
from server.state import State
from storage import memberships
from storage.database import Database
from storage.opening import schema_revisions
from storage.tables.lists import MailingList, Robot
from storage.tables.people import Person
from storage.tables.words import RoleKind, SignInMethod, Strength
from tests.identity import world as identity_world

HOST = "lists.example.test"
BASE = f"https://{HOST}"
PASSWORD = "correct horse battery"
_LINK = re.compile(r"https://\S+/t/([\w-]+)")
_PROOF = re.compile(r'name="proof" value="([0-9a-f]+)"')


@dataclass
class World:
    """The database, who lives in it, and a browser without any cookie."""

    db: Database
    state: State
    robot: Robot
    alice: Person
    carol: Person
    welcome: MailingList
    announce: MailingList
    browser: httpx.AsyncClient

    async def newest_link(self, to: str) -> str:
        """The ticket in the newest mail to an address."""
        letters = await identity_world.World(self.db, self.robot).mails(to)
        return _LINK.findall(text_part(parse_message(letters[-1].raw)))[-1]

    async def newest_text(self, to: str) -> str:
        """The text of the newest mail to an address."""
        letters = await identity_world.World(self.db, self.robot).mails(to)
        return text_part(parse_message(letters[-1].raw))

    async def session(self, person: Person) -> str:
        """The token of a new session."""
        async with self.db.write() as uow:
            _, token = await sessions.open_session(
                uow,
                person,
                self.robot,
                method=SignInMethod.PASSWORD,
                strength=Strength.MD5,
                address=person.main_address,
            )
        return token

    async def sign_in_link(self, address: str, *, is_reset: bool = False, return_to: str = "") -> str:
        """The ticket of a mail to sign in with."""
        async with self.db.write() as uow:
            await sign_in.start(uow, self.robot, "ticket", address, is_reset=is_reset, return_to=return_to)
        return await self.newest_link(address)

    async def subscription_link(self, address: str) -> str:
        """The ticket that confirms a subscription to `welcome`."""
        async with self.db.write() as uow:
            await confirmations.ask_to_join(
                uow, self.robot, self.welcome, address, Wishes(), preapproved=True
            )
        return await self.newest_link(address)

    async def mail_in(self, to: str, sender: str, subject: str, body: str = "Hello.") -> int:
        """A message through the LMTP door's handler; the code of the answer."""
        raw = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject.encode().hex()}@x>\r\n\r\n{body}\r\n"
        return (await reception.receive(self.db, sender, to, raw.encode())).code

    async def members(self, mlist: MailingList) -> list[str]:
        """Who is on a list."""
        async with self.db.read() as reader:
            return [each.address async for each in memberships.whole_list(reader, mlist.id)]

    async def press(
        self, link: str, act: str = "yes", *, browser: httpx.AsyncClient | None = None, **fields: str
    ) -> httpx.Response:
        """Open a ticket's page and press a button of its form."""
        person = browser or self.browser
        shown = await person.get(f"/t/{link}")
        proof = _PROOF.search(shown.text)
        assert proof, shown.text
        return await person.post(f"/t/{link}", data={"proof": proof[1], "act": act, **fields})


def cookie(token: str) -> dict[str, str]:
    """The header field of a signed-in browser."""
    return {"Cookie": f"{COOKIE}={token}"}


@asynccontextmanager
async def world_of(db: Database, url: str, folder: Path) -> AsyncIterator[World]:
    """The world over an empty database."""
    settings = Settings(data_dir=folder, public_url=BASE, database_url=url)
    _, head = await schema_revisions(url)
    announcer = Announcer()
    db.announce = announcer.announce
    state = State(settings, db.site, db, announcer, RedisLink(None, announcer), Metrics(), "1", head or "")
    hashed = await hash_password(PASSWORD)
    async with db.write() as uow:
        robot = await robots.create_robot(uow, founder(), HOST, "Example lists", public_url=BASE)
        actor = operator(robot)
        alice = await create_person(uow, "alice@example.edu", display_name="Alice", proved=True)
        carol = await create_person(uow, "carol@example.edu", display_name="Carol", proved=True)
        await keep(uow, alice.id, hashed)
        common = {"visibility": "noconceal", "archive_web_access": "private"}
        welcome = await mailing_lists.create_list(
            uow, actor, robot, "welcome", "Say hello", {"send": "private", **common}, ["carol@example.edu"]
        )
        announce = await mailing_lists.create_list(
            uow, actor, robot, "announce", "News", {"send": "editorkey", **common}, ["carol@example.edu"]
        )
        await roles.grant(uow, actor, announce, "carol@example.edu", RoleKind.EDITOR)
        await rosters.add(uow, actor, welcome, ["alice@example.edu"], quiet=True)
    transport = httpx.ASGITransport(app=web_application(state), client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as browser:
        yield World(db, state, robot, alice, carol, welcome, announce, browser)
