"""An application at a robot, and what comes of its assertions."""

from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from identity.acting import Acting, act_as, actor_for_application
from identity.actor import Actor
from identity.assertions import AssertionRefused
from storage.query import Query
from storage.tables.access import sessions
from storage.tables.applications import seen_assertions
from storage.tables.mail import audit
from storage.tables.people import people
from storage.tables.words import TokenScope
from tests.identity.world import World

READ = (TokenScope.READ,)
ANN = "ann@example.edu"


def base(world: World) -> str:
    return (world.robot.public_url or world.db.site.public_url).rstrip("/")


async def exchanged(world: World, text: str, scopes: Any = READ, remote: str = "192.0.2.1") -> Acting:
    return await act_as(world.db, world.robot, text, scopes, remote_address=remote)


async def acts(world: World, token: str, remote: str = "192.0.2.1") -> Actor | None:
    async with world.db.read() as reader:
        return await actor_for_application(reader, world.robot, token, remote_address=remote)


async def count(world: World, table: Any) -> int:
    async with world.db.read() as reader:
        return await reader.first(Query(select(func.count()).select_from(table), int)) or 0


async def noted(world: World) -> list[str]:
    """Why assertions were refused, as the audit has it."""
    query = Query(
        select(audit.c.detail).where(audit.c.event == "assertion_refused").order_by(audit.c.id), str
    )
    async with world.db.read() as reader:
        return [orjson.loads(each)["why"] for each in await reader.all(query)]


async def refused(world: World, text: str, **more: Any) -> str:
    """The one answer; nothing was made, and nobody came in."""
    before = [await count(world, table) for table in (sessions, people, seen_assertions)]
    with pytest.raises(AssertionRefused) as caught:
        await exchanged(world, text, **more)
    assert caught.value.message == "This assertion is not accepted here."
    assert (caught.value.code, caught.value.path) == ("WRONG_CREDENTIALS", ("assertion",))
    assert [await count(world, table) for table in (sessions, people, seen_assertions)] == before
    return caught.value.why
