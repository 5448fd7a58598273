"""A small world for tests of identity: robots, people, their mail, and a database that writes down what it was asked."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import select

from identity import passwords, sign_in
from identity.actor import Actor
from identity.browser import Browser
from identity.entrance import actor_for_session
from identity.people import create_person
from identity.steps import Code, Done, Form
from mail.message import parse_message
from storage import robots
from storage.database import Database, Reader, UnitOfWork
from storage.query import Query
from storage.tables.lists import Robot
from storage.tables.mail import deliveries, outgoing_messages, packets
from storage.tables.people import Person
from storage.tables.words import AddressSource

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Letter:
    """A mail that waits to be sent."""

    to: str
    raw: bytes
    reverse_path: str

    @property
    def text(self) -> str:
        """Its body; all of ours are plain ASCII."""
        return parse_message(self.raw).body.decode("ascii")

    @property
    def secret(self) -> str:
        """The ticket in its link."""
        found = re.search(r"^https://\S+/t/(\S+)\r?$", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]

    @property
    def code(self) -> str:
        """The code in it."""
        found = re.search(r"^ {4}([2-9A-Z]{4}-[2-9A-Z]{4})\r?$", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]


_MAILS = Query(
    select(packets.c.address, outgoing_messages.c.raw, deliveries.c.reverse_path)
    .join(deliveries, deliveries.c.id == packets.c.delivery_id)
    .join(outgoing_messages, outgoing_messages.c.delivery_id == deliveries.c.id)
    .order_by(deliveries.c.id),
    Letter,
)


@dataclass
class World:
    """One robot and what happens in it."""

    db: Database
    robot: Robot
    remote: str = "192.0.2.1"

    @property
    def browser(self) -> Browser:
        """Where requests come from."""
        return Browser("Firefox", self.remote)

    async def person(self, address: str, *, password: str | None = None, proved: bool = True) -> Person:
        """Somebody with an account."""
        secret_hash = None if password is None else await passwords.hash_password(password)
        async with self.db.write() as uow:
            made = await create_person(uow, address, proved=proved)
            if secret_hash is not None:
                await passwords.keep(uow, made.id, secret_hash)
        return made

    async def mails(self, to: str | None = None) -> list[Letter]:
        """What waits to be sent, oldest first."""
        async with self.db.read() as reader:
            return [each for each in await reader.all(_MAILS) if to is None or each.to == to]

    async def ask_for_ticket(self, address: str, *, is_reset: bool = False, return_to: str = "") -> Code:
        """Begin to sign in by mail."""
        async with self.db.write() as uow:
            step = await sign_in.start(
                uow,
                self.robot,
                "ticket",
                address,
                return_to=return_to,
                remote=self.remote,
                is_reset=is_reset,
            )
        assert isinstance(step, Code)
        return step

    async def by_ticket(self, address: str, *, is_reset: bool = False) -> Done:
        """Sign in by the mailed link."""
        await self.ask_for_ticket(address, is_reset=is_reset)
        secret = (await self.mails())[-1].secret
        done = await sign_in.finish_by_ticket(self.db, self.robot, secret, browser=self.browser)
        assert isinstance(done, Done)
        return done

    async def form(self, *, return_to: str = "") -> Form:
        """Begin to sign in by password."""
        async with self.db.write() as uow:
            step = await sign_in.start(uow, self.robot, "password", return_to=return_to)
        assert isinstance(step, Form)
        return step

    async def by_password(self, address: str, password: str = PASSWORD) -> Done:
        """Sign in by password."""
        done = await self.password_step(address, password)
        assert isinstance(done, Done)
        return done

    async def password_step(
        self, address: str, password: str = PASSWORD, browser: Browser | None = None
    ) -> Done | Form:
        """What comes after the password: a session, or the question for a second factor."""
        form = await self.form()
        return await sign_in.finish(
            self.db,
            self.robot,
            form.attempt_id,
            fields={"identifier": address, "password": password},
            browser=browser or self.browser,
        )

    async def who(self, token: str) -> Actor | None:
        """Whom a session token makes the asker."""
        async with self.db.read() as reader:
            return await actor_for_session(reader, self.robot, token)

    async def actor(self, address: str) -> Actor:
        """Somebody signed in by mail."""
        found = await self.who((await self.by_ticket(address)).raw_token)
        assert found is not None
        return found


async def make_robot(db: Database, domain: str) -> Robot:
    """Another robot."""
    async with db.write() as uow:
        return await robots.add(uow, domain, "Lists of the Test")


@dataclass
class Watched:
    """A database that passes everything on to the real one and writes down every statement."""

    inner: Database
    asked: list[str] = field(default_factory=list)
    # What somebody else does just before the n-th transaction begins.
    before_write: dict[int, Callable[[Database], Awaitable[None]]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """Read, watched."""
        async with self.inner.read() as reader:
            yield cast(Reader, _WatchedReader(reader, self.asked))

    @asynccontextmanager
    async def write(self, *, durable: bool = True, brief: bool = False) -> AsyncIterator[UnitOfWork]:
        """Write, watched."""
        self.asked.append("BEGIN")
        if others := self.before_write.get(self.asked.count("BEGIN")):
            await others(self.inner)
        async with self.inner.write(durable=durable, brief=brief) as uow:
            yield cast(UnitOfWork, _WatchedReader(uow, self.asked))

    def told(self) -> list[str]:
        """What was asked since the last time."""
        asked = [*self.asked]
        self.asked.clear()
        return asked


class _WatchedReader:
    def __init__(self, inner: Reader, asked: list[str]) -> None:
        self._inner = inner
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in {"all", "first", "run"}:
            return found

        async def written_down(query: Query[Any], **params: Any) -> Any:
            self._asked.append(query.compiled(self._inner.dialect).sql)
            return await found(query, **params)

        return written_down


CHALLENGE = AddressSource.CHALLENGE
