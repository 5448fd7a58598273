"""What the tests of identity share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.tables.words import TokenScope
from tests.identity.application_client import Client, client
from tests.identity.application_world import base
from tests.identity.papers import Mill, paper_installed
from tests.identity.world import World, make_robot


@pytest.fixture
async def world(database: Database) -> World:
    """A robot at example.test."""
    return World(database, await make_robot(database, "example.test"))


@pytest.fixture
async def app(world: World) -> Client:
    """An application that may read for people of example.edu, from one network."""
    return await client(
        world.db,
        world.robot,
        base(world),
        scopes=[TokenScope.READ, TokenScope.POST],
        assertable=["DEPT"],
        domains=["example.edu"],
        networks=["192.0.2.0/24", "2001:db8::/32"],
    )


@pytest.fixture
async def mill(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mill]:
    """The same robot with a provider on paper."""
    with paper_installed(tmp_path / "site", monkeypatch):
        mill = Mill(world, world.robot)
        await mill.set()
        yield mill
