"""This server and another one that asks it, and a list that everybody sees, with two people on it."""

import pytest

from storage.database import Database
from storage.tables.lists import MailingList
from tests.federation.asking_world import Asker, asker
from tests.lists.world import World, world_in


@pytest.fixture
async def world(database: Database) -> World:
    return await world_in(database)


@pytest.fixture
async def other(database: Database) -> Asker:
    return await asker(database)


@pytest.fixture
async def news(world: World) -> MailingList:
    """A list that everybody sees, with Ada on it, and Somebody, who has an account."""
    mlist = await world.make("news", visibility="noconceal")
    await world.put(mlist, "ada@x.example", "somebody@nowhere.example")
    return mlist
