"""What the tests of the server share."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.opening import open_database
from storage.site import Site
from tests.server import pages_world
from tests.server.command_line import lists, run
from tests.server.graphql_world import World, world_of

__all__ = ["graphql", "lists", "pages", "run"]


@pytest.fixture
async def graphql(site: Site, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[World]:
    """A world behind a GraphQL endpoint, on SQLite."""
    path = tmp_path / "graphql.db"
    shutil.copy(sqlite_template, path)
    opened = await open_database(f"sqlite+aiosqlite:///{path}", site)
    async with world_of(opened) as world:
        yield world
    await opened.close()


@pytest.fixture
async def pages(site: Site, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[pages_world.World]:
    """The whole web application over a small world, on SQLite."""
    path = tmp_path / "pages.db"
    shutil.copy(sqlite_template, path)
    url = f"sqlite+aiosqlite:///{path}"
    opened = await open_database(url, site)
    async with pages_world.world_of(opened, url, tmp_path) as world:
        yield world
    await opened.close()
