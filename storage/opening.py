"""From a database URL to an open database whose schema is current."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import Database
from storage.site import Site
from storage.sqlite import SqliteDatabase

T = TypeVar("T")


class UnknownDatabase(Exception):
    """DATABASE_URL must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://."""

    code = "UNKNOWN_DATABASE"


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL, None for PostgreSQL; UnknownDatabase for anything else."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return Path(parsed.database)
    if parsed.get_backend_name() == "postgresql":
        return None
    raise UnknownDatabase


async def open_database(
    url: str, site: Site, *, connections: int = 10, stuck_after: int = 30_000
) -> Database:
    """Open it; PostgreSQL gets a pool of up to `connections`. The schema is taken as it is.

    `stuck_after` is for how many milliseconds a process that was stopped in the middle may keep others from its rows.
    """
    path = sqlite_path(url)
    if path is not None:
        return SqliteDatabase(path, site)
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    # Its driver is an extra, and only who has PostgreSQL pays for it.
    postgres = import_module("storage.postgres")
    database: Database = await postgres.PostgresDatabase.connect(
        plain, site, size=connections, stuck_after=stuck_after
    )
    return database


async def migrate(url: str) -> None:
    """Bring the schema to this version; does nothing when it is there already."""
    await _with_connection(url, _upgrade)


async def schema_revisions(url: str) -> tuple[str | None, str | None]:
    """The schema's revision in the database, and the one that this program wants."""
    return await _with_connection(url, _revisions)


async def _with_connection(url: str, work: Callable[[Connection], T]) -> T:
    path = sqlite_path(url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        return await asyncio.to_thread(_with_sqlite, path, work)
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _with_sqlite(path: Path, work: Callable[[Connection], T]) -> T:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 20})
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


def _configuration(connection: Connection) -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made


def _upgrade(connection: Connection) -> None:
    command.upgrade(_configuration(connection), "head")


def _revisions(connection: Connection) -> tuple[str | None, str | None]:
    context = MigrationContext.configure(connection)
    head = ScriptDirectory.from_config(_configuration(connection)).get_current_head()
    return context.get_current_revision(), head
