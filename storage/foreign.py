"""One question to somebody else's database, for the named filters of scenarios: read, never written."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, text
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

SECONDS = 5.0

# The words that filter files use, and the drivers that answer for them.
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "pg": "postgresql+asyncpg", "postgresql": "postgresql+asyncpg"}


class ForeignDatabase(Exception):
    """The database of a named filter cannot be asked; its settings or the database itself need a look."""

    code = "FOREIGN_DATABASE"


async def first_value(connection: Mapping[str, str], statement: str, parameters: Sequence[str]) -> Any:
    """The first column of the statement's first row; None when there is no row.

    `connection` has `db_type` (SQLite or Pg), `db_name` and, where needed, `db_host`, `db_port`, `db_user`,
    `db_passwd`; `statement` holds `:p0`, `:p1`, … for the parameters. Takes five seconds at most. Raises
    ForeignDatabase, with nothing in it that the statement was asked with.
    """
    engine = _engine(connection)
    try:
        async with asyncio.timeout(SECONDS), engine.connect() as link:
            found = await link.execute(
                text(statement), {f"p{n}": value for n, value in enumerate(parameters)}
            )
            row = found.first()
            return None if row is None else row[0]
    except TimeoutError as late:
        raise ForeignDatabase(f"{connection.get('db_name')} did not answer within {SECONDS:g} s") from late
    except Exception as broken:  # noqa: BLE001  (what drivers raise and say may quote passwords and people)
        raise ForeignDatabase(f"{connection.get('db_name')} failed: {type(broken).__name__}") from None
    finally:
        await engine.dispose()


def _engine(connection: Mapping[str, str]) -> AsyncEngine:
    kind = connection.get("db_type", "").lower()
    driver = _DRIVERS.get(kind)
    if driver is None:
        raise ForeignDatabase(f"filters ask databases of the types SQLite and Pg, not {kind!r}")
    is_file = kind == "sqlite"
    url = URL.create(
        driver,
        username=None if is_file else connection.get("db_user"),
        password=None if is_file else connection.get("db_passwd"),
        host=None if is_file else connection.get("db_host", "localhost"),
        port=None if is_file or "db_port" not in connection else int(connection["db_port"]),
        # Opened for reading alone: a file that is not there is an error, not a new database.
        database=f"file:{quote(connection['db_name'])}" if is_file else connection["db_name"],
        query={"mode": "ro", "uri": "true"} if is_file else {},
    )
    try:
        return create_async_engine(url, poolclass=NullPool)
    except (NoSuchModuleError, ImportError) as missing:
        raise ForeignDatabase(f"asking {kind} needs a package: pip install 'postroom[postgres]'") from missing
