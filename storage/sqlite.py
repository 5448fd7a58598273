"""SQLite behind the door: reads on the event loop, one writer at a time, commits in a thread."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson

from storage.database import announce_nobody, merged
from storage.query import DialectName, Query
from storage.site import Site

T = TypeVar("T")
_CHUNK = 500
_BUSY_MILLISECONDS = 20_000


def connect(path: Path, *, durable: bool = False, patient: bool = True) -> sqlite3.Connection:
    """A connection with the project's pragmas; transactions are begun by hand.

    A patient one waits for other writers (20 s at most); the other says at once that it would have to.
    """
    made = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    made.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    made.execute("PRAGMA journal_mode=WAL")
    made.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    made.execute("PRAGMA foreign_keys=ON")
    made.execute("PRAGMA temp_store=MEMORY")
    made.execute("PRAGMA cache_size=-16000")
    # A checkpoint waits for the disk, so it comes every 32 MB; most of what is written by then is the same few pages.
    made.execute("PRAGMA wal_autocheckpoint=8000")
    if not patient:
        made.execute("PRAGMA busy_timeout=0")
    return made


def _plain(value: Any) -> Any:
    # Lists travel as JSON, for json_each.
    return orjson.dumps(value).decode() if isinstance(value, (list, tuple)) else value


def _bound(constants: Mapping[str, Any], params: Mapping[str, Any]) -> Mapping[str, Any]:
    kinds = set(map(type, params.values()))
    if list in kinds or tuple in kinds:
        params = {name: _plain(each) for name, each in params.items()}
    return merged(constants, params)


class SqliteReader:
    """Reads on one connection; a local page is read faster than a thread is woken (34 against 86 µs)."""

    dialect: DialectName = "sqlite"

    def __init__(self, site: Site, connection: sqlite3.Connection) -> None:
        self.site = site
        self.connection = connection
        self.now = site.clock()

    def cursor(self, query: Query[Any], params: Mapping[str, Any]) -> sqlite3.Cursor:
        """A cursor that has run the query."""
        made = query.compiled("sqlite")
        return self.connection.execute(made.sql, _bound(made.constants, params))

    async def all(self, query: Query[T], **params: Any) -> list[T]:
        """Every row."""
        load = query.load
        return [load(row) for row in self.cursor(query, params).fetchall()]

    async def first(self, query: Query[T], **params: Any) -> T | None:
        """The first row, or None."""
        rows = self.cursor(query, params).fetchall()
        return query.load(rows[0]) if rows else None

    async def stream(self, query: Query[T], **params: Any) -> AsyncIterator[T]:
        """Row after row; others get their turn between chunks."""
        cursor = self.cursor(query, params)
        try:
            while rows := cursor.fetchmany(_CHUNK):
                for row in rows:
                    yield query.load(row)
                await asyncio.sleep(0)
        finally:
            cursor.close()


class SqliteUnitOfWork(SqliteReader):
    """A transaction on the writer's connection."""

    def __init__(
        self, site: Site, connection: sqlite3.Connection, in_thread: Callable[..., Awaitable[Any]]
    ) -> None:
        super().__init__(site, connection)
        self._in_thread = in_thread
        self.announcements: set[str] = set()

    async def run(self, query: Query[Any], **params: Any) -> int:
        """Change rows; how many."""
        return self.cursor(query, params).rowcount

    async def run_many(self, query: Query[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """The same change for many rows, off the event loop."""
        made = query.compiled("sqlite")
        bound = [_bound(made.constants, row) for row in rows]
        await self._in_thread(_change_many, self.connection, made.sql, bound)

    async def run_each(self, query: Query[Any], rows: Sequence[Mapping[str, Any]]) -> int:
        """The same change for a few rows, here and now; how many rows were changed in all."""
        made = query.compiled("sqlite")
        bound = [merged(made.constants, row) for row in rows]
        return self.connection.executemany(made.sql, bound).rowcount

    def announce(self, what: str = "deliver") -> None:
        """After the commit, wake those who wait for `what`."""
        self.announcements.add(what)


class SqliteDatabase:
    """A file in WAL mode: any number of readers beside one writer."""

    dialect: DialectName = "sqlite"

    def __init__(self, path: Path, site: Site) -> None:
        self.path = path
        self.site = site
        self.announce: Callable[[str], Awaitable[None]] = announce_nobody
        self._reading = connect(path)
        _forget_statistics(self._reading)
        # Two writers so that each keeps its own sync level; the lock lets only one of them write.
        self._durable = connect(path, durable=True)
        self._quick = connect(path, patient=False)
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteReader]:
        """A place to read from."""
        yield SqliteReader(self.site, self._reading)

    @asynccontextmanager
    async def write(self, *, durable: bool = True, brief: bool = False) -> AsyncIterator[SqliteUnitOfWork]:
        """A transaction, begun IMMEDIATE so that it never fails half way for another writer (stack, section 4)."""
        connection = self._durable if durable else self._quick
        async with self._turn:
            if durable:
                await self._in_thread(connection.execute, "BEGIN IMMEDIATE")
            else:
                await self._begin_quickly(connection)
            uow = SqliteUnitOfWork(self.site, connection, self._in_thread)
            try:
                yield uow
                if durable:
                    await asyncio.shield(self._in_thread(connection.execute, "COMMIT"))
                else:
                    # Nothing waits for the disk here, so a thread would cost more than it saves.
                    connection.execute("COMMIT")
            except BaseException:
                await asyncio.shield(self._in_thread(_roll_back, connection))
                raise
        for what in uow.announcements:
            await self.announce(what)

    async def _begin_quickly(self, connection: sqlite3.Connection) -> None:
        # Another process may be writing: then ask again, a little later each time, without holding up the loop.
        for tries in range(_BUSY_MILLISECONDS // 10):
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as busy:
                if busy.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
            else:
                return
            await asyncio.sleep(min(0.001 * (tries + 1), 0.01))
        connection.execute("BEGIN IMMEDIATE")

    async def close(self) -> None:
        """Let go of every connection."""
        async with self._turn:
            self._thread.shutdown()
            for connection in (self._reading, self._durable, self._quick):
                connection.close()


def _forget_statistics(connection: sqlite3.Connection) -> None:
    """Drop what somebody's ANALYZE left behind: an average says that a key which most rows lack is on all of them, and
    then a list is walked for each of its members instead of asking the index.
    """
    found = connection.execute("SELECT name FROM sqlite_schema WHERE name GLOB 'sqlite_stat[1-4]'").fetchall()
    for (name,) in found:
        connection.execute(f"DROP TABLE IF EXISTS {name}")


def _change_many(connection: sqlite3.Connection, sql: str, rows: list[Mapping[str, Any]]) -> None:
    # The cursor must end in this thread: left to another, it could reset the statement under its next execution.
    connection.executemany(sql, rows).close()


def _roll_back(connection: sqlite3.Connection) -> None:
    # A commit that was interrupted by cancellation may still have gone through.
    if connection.in_transaction:
        connection.execute("ROLLBACK")
