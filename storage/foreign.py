"""One question to somebody else's database, for the named filters of scenarios: read, never written."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Row, TextClause, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

SECONDS = 5.0
_INSTRUCTIONS = 10_000


class ForeignDatabase(Exception):
    """The database of a named filter cannot be asked; its settings or the database itself need a look."""

    code = "FOREIGN_DATABASE"


async def first_value(connection: Mapping[str, str], statement: str, parameters: Sequence[str]) -> Any:
    """The first column of the statement's first row; None when there is no row.

    `connection` has `db_type` (SQLite or Pg), `db_name` and, where needed, `db_host`, `db_port`, `db_user`,
    `db_passwd`; `statement` holds `:p0`, `:p1`, … for the parameters. Takes five seconds at most. Raises
    ForeignDatabase, with nothing in it that the statement was asked with.
    """
    kind = connection.get("db_type", "").lower()
    ask = _ASKING.get(kind)
    if ask is None:
        raise ForeignDatabase(f"filters ask databases of the types SQLite and Pg, not {kind!r}")
    try:
        async with asyncio.timeout(SECONDS):
            return await ask(
                connection, text(statement), {f"p{n}": each for n, each in enumerate(parameters)}
            )
    except TimeoutError as late:
        raise ForeignDatabase(f"{connection.get('db_name')} did not answer within {SECONDS:g} s") from late
    except Exception as broken:  # noqa: BLE001  (what drivers raise and say may quote passwords and people)
        raise ForeignDatabase(f"{connection.get('db_name')} failed: {type(broken).__name__}") from None


async def _of_server(connection: Mapping[str, str], statement: TextClause, values: dict[str, str]) -> Any:
    url = URL.create(
        "postgresql+asyncpg",
        username=connection.get("db_user"),
        password=connection.get("db_passwd"),
        host=connection.get("db_host", "localhost"),
        port=int(connection["db_port"]) if "db_port" in connection else None,
        database=connection["db_name"],
    )
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as link:
            return _first((await link.execute(statement, values)).first())
    finally:
        await engine.dispose()


async def _of_file(connection: Mapping[str, str], statement: TextClause, values: dict[str, str]) -> Any:
    # Opened for reading alone: a file that is not there is an error, not a new database.
    query = {"mode": "ro", "uri": "true"}
    url = URL.create("sqlite+pysqlite", database=f"file:{quote(connection['db_name'])}", query=query)
    return await asyncio.to_thread(_read_file, url, statement, values)


def _read_file(url: URL, statement: TextClause, values: dict[str, str]) -> Any:
    until = time.monotonic() + SECONDS
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": SECONDS})
    with engine.connect() as link:
        driver: Any = link.connection.driver_connection
        # A thread cannot be cancelled, but SQLite asks every so often whether it is to go on.
        driver.set_progress_handler(lambda: time.monotonic() > until, _INSTRUCTIONS)
        return _first(link.execute(statement, values).first())


def _first(row: Row[Any] | None) -> Any:
    return None if row is None else row[0]


_Asking = Callable[[Mapping[str, str], TextClause, dict[str, str]], Awaitable[Any]]
# The words that filter files use.
_ASKING: Mapping[str, _Asking] = {"sqlite": _of_file, "pg": _of_server, "postgresql": _of_server}
