"""What the tests of identity share."""

import pytest

from storage.database import Database
from tests.identity.world import World, make_robot


@pytest.fixture
async def world(database: Database) -> World:
    """A robot at example.test."""
    return World(database, await make_robot(database, "example.test"))
