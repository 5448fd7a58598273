"""What the journeys share: the whole web application over each kind of database, with somebody hostile in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.journeys.hostile_world import Hostile, hostile_world
from tests.journeys.shelf import Shelf
from tests.server.pages_world import world_of


@pytest.fixture
async def hostile(database: Database, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Hostile]:
    """The application, its people, and Mallory, who has an account and a list of her own."""
    # The template tells the schema's revision; the data are in the database.
    async with world_of(database, f"sqlite+aiosqlite:///{sqlite_template}", tmp_path) as world:
        yield await hostile_world(world)


@pytest.fixture
async def carol(hostile: Hostile) -> Shelf:
    """The documents as Carol meets them, who owns the list."""
    return Shelf(hostile, await hostile.session(hostile.world.carol))


@pytest.fixture
async def alice(hostile: Hostile) -> Shelf:
    """The documents as Alice meets them, who is a member."""
    return Shelf(hostile, await hostile.session(hostile.world.alice))


@pytest.fixture
async def stranger(hostile: Hostile) -> Shelf:
    """The documents as a stranger meets them."""
    return Shelf(hostile, None)
