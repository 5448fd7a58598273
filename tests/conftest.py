"""What all tests share: a clock that a test moves, and the database, once on SQLite and once on PostgreSQL."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from storage.database import Database
from storage.opening import migrate, open_database
from storage.site import Site
from tests.databases import (
    NothingInstalled,
    drop_postgresql,
    is_emptied,
    new_postgresql,
    postgresql_programs,
    postgresql_server,
    postgresql_template,
)

# The same examples in every run of continuous integration; at a desk, new ones each time.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@dataclass
class Clock:
    """A clock that stands still until a test moves it; microseconds since the epoch."""

    now: int = 1_900_000_000_000_000

    def __call__(self) -> int:
        """The time on it."""
        return self.now

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Move it on."""
        self.now += int((days * 86_400 + hours * 3_600 + seconds) * 1_000_000)


@pytest.fixture
def clock() -> Clock:
    """A clock of this test's own."""
    return Clock()


@pytest.fixture
def site(clock: Clock) -> Site:
    """The facts of a server that runs at example.test."""
    return Site(
        public_url="https://lists.example.test",
        secret=b"s" * 32,
        clock=clock,
        mail_hostname="mx.example.test",
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A running PostgreSQL server with a migrated template database; its URL without a database name."""
    try:
        postgresql_programs()
    except NothingInstalled as reason:
        if os.environ.get("REQUIRE_EVERY_TEST"):
            raise
        pytest.skip(str(reason.__doc__))
    with postgresql_server(is_durable=False) as server:
        postgresql_template(server)
        yield server


@pytest.fixture(scope="session")
def emptied() -> list[str]:
    """PostgreSQL databases that tests have had and that are empty again."""
    return []


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
async def database(
    request: pytest.FixtureRequest, site: Site, tmp_path: Path, sqlite_template: Path, emptied: list[str]
) -> AsyncIterator[Database]:
    """An empty database of this test's own, on each of the two kinds."""
    if request.param == "sqlite":
        path = tmp_path / "postroom.db"
        shutil.copy(sqlite_template, path)
        opened = await open_database(f"sqlite+aiosqlite:///{path}", site)
        yield opened
        await opened.close()
        return
    server = request.getfixturevalue("postgresql")
    url = emptied.pop() if emptied else await new_postgresql(server)
    opened = await open_database(url, site)
    yield opened
    await opened.close()
    if await is_emptied(url):
        emptied.append(url)
    else:
        await drop_postgresql(server, url)


@pytest.fixture
async def sqlite(site: Site, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Database]:
    """An empty SQLite database, for tests that need but one kind."""
    path = tmp_path / "postroom.db"
    shutil.copy(sqlite_template, path)
    opened = await open_database(f"sqlite+aiosqlite:///{path}", site)
    yield opened
    await opened.close()
