"""The world of the tests of lists, on both databases."""

import pytest

from storage.database import Database
from tests.lists.world import World, world_in


@pytest.fixture
async def world(database: Database) -> World:
    """Two robots and no lists."""
    return await world_in(database)
