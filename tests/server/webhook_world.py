"""A list whose post went out, a provider that may tell of its bounces, and requests as that provider signs them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette

from delivery.bounces.webhooks import standard
from delivery.bounces.webhooks.sources import set_source
from identity.actor import operator
from mail.verp import verp_address
from server.bounce_webhooks import bounce_webhook_routes
from storage import bounces, queue
from storage.database import Database
from storage.tables.lists import MailingList, Robot
from storage.tables.mail import Bounce
from storage.tables.webhooks import WebhookKind
from tests.conftest import Clock
from tests.delivery.bounce_world import VICTIM, member, post
from tests.delivery.test_flow import a_list

SECRET = "a secret of sixteen octets or more"
REFERENCE = "env:TEST_BOUNCE_SECRET"
MESSAGE_ID = "<1@example.edu>"


@dataclass
class World:
    """Who tells, whom, and of what."""

    db: Database
    clock: Clock
    robot: Robot
    mlist: MailingList
    delivery: int
    client: httpx.AsyncClient
    _told: list[int] = field(default_factory=lambda: [0])

    @property
    def at(self) -> str:
        """Now, in seconds since the epoch."""
        return str(self.clock.now // 1_000_000)

    def fresh(self) -> str:
        """A name that was not used before."""
        self._told[0] += 1
        return f"msg_{self._told[0]}"

    async def send(
        self, body: Any, *, name: str = "mta", id: str = "", at: str = "", secret: str = SECRET, **fields: str
    ) -> httpx.Response:
        """A request that is signed as Standard Webhooks say; `fields` replace its header fields, "" leaves one out."""
        raw = body if isinstance(body, bytes) else orjson.dumps({"events": body})
        id, at = id or self.fresh(), at or self.at
        signed = {
            "webhook-id": id,
            "webhook-timestamp": at,
            "webhook-signature": standard.signature(secret, id, at, raw),
        } | {key.replace("_", "-"): value for key, value in fields.items()}
        return await self.client.post(
            f"/webhooks/bounces/{name}", content=raw, headers={k: v for k, v in signed.items() if v}
        )

    async def path(self, key: str = VICTIM) -> str:
        """The return path of a member's copy."""
        hurt = await member(self.db, self.mlist, key)
        return verp_address("welcome", self.mlist.domain, hurt.id, self.delivery, self.db.site.key("verp"))

    async def history(self, key: str = VICTIM, mlist: MailingList | None = None) -> list[Bounce]:
        """What a member's history says."""
        hurt = await member(self.db, mlist or self.mlist, key)
        async with self.db.read() as reader:
            return (await bounces.latest(reader, [hurt.id])).get(hurt.id, [])


def an_event(**more: Any) -> dict[str, Any]:
    """A hard bounce of the victim's copy."""
    return {
        "id": "e1",
        "type": "bounce",
        "recipient": VICTIM,
        "message_id": MESSAGE_ID,
        "status": "5.1.1",
        "code": 550,
        "diagnostic": "550 5.1.1 User unknown",
    } | more


async def handed_over(database: Database) -> None:
    """A worker takes all that waits in hand."""
    async with database.write() as uow:
        for each in await queue.waiting(uow):
            await queue.lease(uow, each, "w", limit=1000, leased_until=uow.now + 60_000_000)


@asynccontextmanager
async def world_of(database: Database, clock: Clock, members: int = 3) -> AsyncIterator[World]:
    """The world over an empty database."""
    robot, mlist = await a_list(database, members=members)
    delivery = await post(database, mlist, 1)
    await handed_over(database)
    async with database.write() as uow:
        await set_source(uow, operator(robot), robot, "mta", WebhookKind.STANDARD, REFERENCE)
    transport = httpx.ASGITransport(app=Starlette(routes=bounce_webhook_routes(database)))
    async with httpx.AsyncClient(transport=transport, base_url="https://lists.example.org") as client:
        yield World(database, clock, robot, mlist, delivery, client)
