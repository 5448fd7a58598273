"""From a database URL to an open database whose schema is current."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import Database
from storage.site import Site
from storage.sqlite import SqliteDatabase

T = TypeVar("T")
_ROOT = Path(__file__).parents[1]
_VERSIONS = Path(__file__).parent / "migrations" / "versions"
# A revision is the number that its file's name begins with.
_NUMBER = 4


class UnknownDatabase(Exception):
    """DATABASE_URL must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://."""

    code = "UNKNOWN_DATABASE"


class DatabaseAway(Exception):
    """The database cannot be reached; check POSTROOM_DATABASE_URL."""

    code = "DATABASE_AWAY"


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


class NotMigrated(Exception):
    """The database's schema could not be brought to this version; the lines above say why."""

    code = "NOT_MIGRATED"


async def migrate(url: str) -> None:
    """Bring the schema to this version; does nothing when it is there already. Raises NotMigrated."""
    found, wanted = await schema_revisions(url)
    if found == wanted:
        return
    # Its errors go where ours go.
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "storage.migrating", stdin=asyncio.subprocess.PIPE, cwd=_ROOT
    )
    await program.communicate(url.encode())
    if program.returncode:
        raise NotMigrated


async def schema_revisions(url: str) -> tuple[str | None, str]:
    """The schema's revision in the database, and the one that this program wants."""
    wanted = max(each.name[:_NUMBER] for each in _VERSIONS.glob("[0-9]*_*.py"))
    return await with_connection(url, _revision), wanted


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def with_connection(url: str, work: Callable[[Connection], T]) -> T:
    """Do something in one transaction of a connection of its own. Raises DatabaseAway."""
    path = sqlite_path(url)
    if path is not None:
        return await asyncio.to_thread(_with_sqlite, path, work)
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    try:
        with _away_in_words(make_url(url).render_as_string()):
            connection = await engine.connect()
        try:
            async with connection.begin():
                return await connection.run_sync(work)
        finally:
            await connection.close()
    finally:
        await engine.dispose()


def _with_sqlite(path: Path, work: Callable[[Connection], T]) -> T:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 20})
    try:
        with _away_in_words(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = engine.connect()
        with connection, connection.begin():
            return work(connection)
    finally:
        engine.dispose()


@contextmanager
def _away_in_words(place: str) -> Iterator[None]:
    """Turn what a driver says when it cannot connect into DatabaseAway."""
    try:
        yield
    except (OSError, DBAPIError) as reason:
        why = reason.orig if isinstance(reason, DBAPIError) else reason
        said = f"The database {place} cannot be reached ({why}); check POSTROOM_DATABASE_URL."
        raise DatabaseAway(said) from reason
