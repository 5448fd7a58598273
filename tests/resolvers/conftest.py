"""What the tests of resolvers share."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from tests.resolvers.lists_world import Scene, scene_in
from tests.server.graphql_world import World, world_of


@pytest.fixture
async def graphql(database: Database) -> AsyncIterator[World]:
    """A world behind a GraphQL endpoint, on each kind of database."""
    async with world_of(database) as world:
        yield world


@pytest.fixture
async def scene(graphql: World) -> Scene:
    """Lists and people behind the endpoint."""
    return await scene_in(graphql)
