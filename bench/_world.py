"""A list with many members and a message on its way, for benchmarks and drills."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from delivery.reception import take_in
from identity.actor import founder, operator
from lists.mailing_lists import create_list
from lists.robots import create_robot, find_robot
from mail.message import parse_message
from storage import memberships
from storage.database import Database, UnitOfWork
from storage.opening import migrate, open_database
from storage.site import Site
from storage.tables.lists import Robot

DOMAIN = "lists.example.org"
_CHUNK = 2_000
SITE = Site(public_url="https://lists.example.org", secret=b"b" * 32)


@asynccontextmanager
async def opened(url: str, *, packet_size: int = 100, secret: bytes = SITE.secret) -> AsyncIterator[Database]:
    """A migrated database."""
    await migrate(url)
    site = replace(SITE, secret=secret, packet_size=packet_size)
    database = await open_database(url, site)
    try:
        yield database
    finally:
        await database.close()


def sqlite_url(directory: Path) -> str:
    """A new database file in a directory."""
    return f"sqlite+aiosqlite:///{directory / f'{secrets.token_hex(4)}.db'}"


async def a_list(
    database: Database,
    name: str,
    members: int,
    *,
    domains: int = 20,
    personalization: str = "never",
    priority: int = 5,
    footer: str = "",
) -> int:
    """A public list with so many members in so many domains; its id."""
    async with database.write() as uow:
        robot = await _robot(uow)
        settings = {
            "send": "public",
            "personalization": personalization,
            "priority": priority,
            "footer": footer,
        }
        mlist = await create_list(uow, operator(robot), robot, name, name, settings)
    for start in range(0, members, _CHUNK):
        rows = [_member(n, domains) for n in range(start, min(members, start + _CHUNK))]
        async with database.write(durable=False) as uow:
            await memberships.add_many(uow, mlist.id, rows)
    return mlist.id


async def _robot(uow: UnitOfWork) -> Robot:
    return await find_robot(uow, DOMAIN) or await create_robot(uow, founder(), DOMAIN)


def _member(n: int, domains: int) -> dict[str, object]:
    address = f"member{n:06}@d{n % domains}.example"
    return memberships.row(address=address, address_key=address)


def message(size: int = 4_000) -> bytes:
    """A plain message of about so many bytes."""
    head = f"From: author@a.example\r\nTo: l@{DOMAIN}\r\nSubject: bench\r\nMessage-ID: <{secrets.token_hex(8)}@a.example>\r\n\r\n"
    line = "x" * 70 + "\r\n"
    return (head + line * max(1, (size - len(head)) // len(line))).encode()


async def a_post(database: Database, name: str, size: int = 4_000) -> None:
    """A message for the list, taken in as through the door."""
    async with database.write() as uow:
        reply = await take_in(uow, "author@a.example", f"{name}@{DOMAIN}", parse_message(message(size)))
    if not reply.is_positive:
        raise RuntimeError(reply.text)
