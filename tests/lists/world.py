"""A small world for the tests of lists: two robots, lists of the same name, and people with one or two addresses."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import select

from identity.actor import Actor, operator, stranger
from identity.people import create_person
from lists import mailing_lists, roles, rosters
from lists.robots import create_robot
from mail.address import address_key
from mail.message import Message, parse_message
from scenarios.request import Identity
from storage.database import Database, Reader
from storage.query import Query
from storage.tables.lists import MailingList, Robot
from storage.tables.mail import audit, deliveries, outgoing_messages, packets
from storage.tables.people import Person
from storage.tables.words import RoleKind, Strength, TokenScope

T = TypeVar("T")
HOME, OTHER = "a.example", "b.example"

_SENT: Query[tuple[str, bytes, str]] = Query(
    select(packets.c.address, outgoing_messages.c.raw, deliveries.c.reverse_path)
    .join(deliveries, deliveries.c.id == packets.c.delivery_id)
    .join(outgoing_messages, outgoing_messages.c.delivery_id == deliveries.c.id)
    .order_by(deliveries.c.id),
    lambda *row: row,
)
_EVENTS: Query[tuple[str, str, str]] = Query(
    select(audit.c.event, audit.c.actor, audit.c.address).order_by(audit.c.id), lambda *row: row
)


@dataclass(frozen=True)
class Mail:
    """A mail that was queued."""

    to: str
    message: Message
    reverse_path: str

    @property
    def text(self) -> str:
        """Its text."""
        return self.message.body.decode()

    @property
    def secret(self) -> str:
        """The ticket in its link."""
        [line] = [line for line in self.text.splitlines() if "/t/" in line]
        return line.rpartition("/t/")[2]


@dataclass
class World:
    """The database with its two robots."""

    database: Database
    home: Robot
    other: Robot
    somebody: Person

    async def make(self, name: str, robot: Robot | None = None, **settings: object) -> MailingList:
        """A list, made by the operator."""
        home = robot or self.home
        async with self.database.write() as uow:
            given = {key.rstrip("_"): value for key, value in settings.items()}
            return await mailing_lists.create_list(uow, operator(home), home, name, name.title(), given)

    async def office(self, mlist: MailingList, address: str, kind: RoleKind = RoleKind.OWNER) -> None:
        """Give an office."""
        async with self.database.write() as uow:
            await roles.grant(uow, operator(self.robot_of(mlist)), mlist, address, kind)

    async def listmaster(self, robot: Robot, address: str) -> None:
        """Make a listmaster."""
        async with self.database.write() as uow:
            await roles.grant_listmaster(uow, operator(robot), robot, address)

    async def put(self, mlist: MailingList, *addresses: str) -> None:
        """Subscribe without a word."""
        async with self.database.write() as uow:
            await rosters.add(uow, operator(self.robot_of(mlist)), mlist, addresses, quiet=True)

    def robot_of(self, mlist: MailingList) -> Robot:
        """The list's robot."""
        return self.home if mlist.robot_id == self.home.id else self.other

    def person(
        self,
        *addresses: str,
        robot: Robot | None = None,
        via: str = "web",
        strength: Strength = Strength.MD5,
        link: str = "md5",
        scopes: frozenset[TokenScope] | None = None,
    ) -> Actor:
        """Somebody who came under the first address and has the others as alternates of strength `link`."""
        first, *others = addresses
        return Actor(
            robot or self.home,
            sender=first,
            identities=(Identity(first, strength.method), *(Identity(each, link) for each in others)),
            strength=strength,
            via=via,
            person=replace(self.somebody, main_address=first, main_key=address_key(first))
            if via == "web"
            else None,
            scopes=scopes,
        )

    def nobody(self, robot: Robot | None = None) -> Actor:
        """A stranger."""
        return stranger(robot or self.home)

    async def mails(self) -> list[Mail]:
        """Everything queued so far for one address."""
        async with self.database.read() as reader:
            return [Mail(to, parse_message(raw), path) for to, raw, path in await reader.all(_SENT)]

    async def events(self) -> list[tuple[str, str, str]]:
        """The audit trail: (event, actor, address)."""
        async with self.database.read() as reader:
            return await reader.all(_EVENTS)


async def world_in(database: Database) -> World:
    """Both robots, empty."""
    async with database.write() as uow:
        nowhere = Robot(0, "", "", "", "en", "", listmasters_are_owners=True, created_at=0)
        home = await create_robot(uow, operator(nowhere), HOME, "Home")
        other = await create_robot(uow, operator(nowhere), OTHER, "Other")
        somebody = await create_person(uow, "somebody@nowhere.example", proved=True, strength=Strength.MD5)
    return World(database, home, other, somebody)


class CountingReader:
    """A reader that counts the statements that go through it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.site = reader.site
        self.dialect = reader.dialect
        self.statements: list[str] = []

    @property
    def now(self) -> int:
        """The instant of the reader inside."""
        return self.reader.now

    def _count(self, query: Query[Any]) -> None:
        self.statements.append(query.compiled(self.dialect).sql)

    def about(self, table: str) -> int:
        """How many statements read a table."""
        return sum(f"FROM {table}" in sql for sql in self.statements)

    async def all(self, query: Query[T], **params: Any) -> list[T]:
        """Every row."""
        self._count(query)
        return await self.reader.all(query, **params)

    async def first(self, query: Query[T], **params: Any) -> T | None:
        """The first row."""
        self._count(query)
        return await self.reader.first(query, **params)

    def stream(self, query: Query[T], **params: Any) -> AsyncIterator[T]:
        """Row after row."""
        self._count(query)
        return self.reader.stream(query, **params)
