"""What readers leave for later is written beside the server's work, and at its end."""

import asyncio

import pytest

from identity.actor import founder, operator, stranger
from lists import mailing_lists
from lists.authorize import authorize
from lists.robots import create_robot
from server import state
from storage import decisions
from storage.database import Database


async def refused(database: Database, name: str) -> str:
    """Somebody is refused a reading; the id of the decision."""
    async with database.write() as uow:
        robot = await create_robot(uow, founder(), f"{name}.example.test")
        mlist = await mailing_lists.create_list(uow, operator(robot), robot, name, name, {"review": "closed"})
    async with database.read() as reader:
        return (await authorize(reader, stranger(robot), "review", mlist=mlist)).id


async def written(database: Database, name: str) -> bool:
    """Whether a decision is in the database."""
    async with database.read() as reader:
        return await decisions.by_id(reader, name) is not None


async def test_refusals_are_written_beside_the_work(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "_DECISIONS_EVERY_SECONDS", 0.01)
    async with state.keeping_decisions(database):
        name = await refused(database, "beside")
        async with asyncio.timeout(10):
            while not await written(database, name):
                await asyncio.sleep(0.01)
    assert not database.site.later.waiting


async def test_what_is_left_at_the_end_is_written_then(database: Database) -> None:
    async with state.keeping_decisions(database):
        name = await refused(database, "late")
        assert not await written(database, name)
    assert await written(database, name)
