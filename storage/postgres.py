"""PostgreSQL behind the door: a pool of asyncpg connections, reads without a transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from storage.database import Undone, announce_nobody, merged, ordered
from storage.query import DialectName, Query
from storage.site import Site

T = TypeVar("T")
# 40001 and 40P01: the only errors that say that the same transaction would do well a moment later.
_UNDONE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


class PostgresReader:
    """Reads on one pooled connection."""

    dialect: DialectName = "postgresql"

    def __init__(self, site: Site, connection: Any) -> None:
        self.site = site
        self.connection = connection
        self.now = site.clock()

    def bound(self, query: Query[Any], params: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """SQL text and its numbered values."""
        made = query.compiled("postgresql")
        return made.sql, ordered(made.order, merged(made.constants, params))

    async def all(self, query: Query[T], **params: Any) -> list[T]:
        """Every row."""
        sql, values = self.bound(query, params)
        load = query.load
        return [load(row) for row in await self.connection.fetch(sql, *values)]

    async def first(self, query: Query[T], **params: Any) -> T | None:
        """The first row, or None."""
        sql, values = self.bound(query, params)
        row = await self.connection.fetchrow(sql, *values)
        return None if row is None else query.load(row)

    async def stream(self, query: Query[T], **params: Any) -> AsyncIterator[T]:
        """Row after row, through a server-side cursor."""
        sql, values = self.bound(query, params)
        async with self.connection.transaction():
            async for row in self.connection.cursor(sql, *values, prefetch=500):
                yield query.load(row)


class PostgresUnitOfWork(PostgresReader):
    """A transaction."""

    def __init__(self, site: Site, connection: Any) -> None:
        super().__init__(site, connection)
        self.announcements: set[str] = set()

    async def run(self, query: Query[Any], **params: Any) -> int:
        """Change rows; how many."""
        sql, values = self.bound(query, params)
        tag: str = await self.connection.execute(sql, *values)
        return int(tag.rpartition(" ")[2])

    async def run_many(self, query: Query[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """The same change for many rows."""
        made = query.compiled("postgresql")
        await self.connection.executemany(
            made.sql, [ordered(made.order, merged(made.constants, row)) for row in rows]
        )

    async def run_each(self, query: Query[Any], rows: Sequence[Mapping[str, Any]]) -> int:
        """The same change for a few rows, one after the other; how many rows were changed in all."""
        return sum([await self.run(query, **row) for row in rows])

    def announce(self, what: str = "deliver") -> None:
        """After the commit, wake those who wait for `what`."""
        self.announcements.add(what)


async def _no_reset(connection: Any) -> None:
    """Connections keep no session state, so the pool's reset query would be a wasted round trip."""


class PostgresDatabase:
    """A pool; many processes on many hosts may share the database."""

    dialect: DialectName = "postgresql"

    def __init__(self, pool: Any, site: Site, *, stuck_after: int = 30_000) -> None:
        self.site = site
        # A process that is stopped in the middle of a transaction keeps nobody waiting for its rows longer than this.
        self._briefly = f"SET LOCAL idle_in_transaction_session_timeout = {int(stuck_after)}"
        self._quickly = f"SET LOCAL synchronous_commit = off; {self._briefly}"
        self.announce: Callable[[str], Awaitable[None]] = announce_nobody
        self._pool = pool

    @classmethod
    async def connect(
        cls, url: str, site: Site, *, size: int = 10, stuck_after: int = 30_000
    ) -> "PostgresDatabase":
        """Open a pool of up to `size` connections to a `postgresql://` URL.

        `stuck_after` is for how many milliseconds a brief transaction may stand idle.
        """
        pool = await asyncpg.create_pool(url, min_size=1, max_size=size, reset=_no_reset)
        return cls(pool, site, stuck_after=stuck_after)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[PostgresReader]:
        """A place to read from."""
        async with self._pool.acquire() as connection:
            yield PostgresReader(self.site, connection)

    @asynccontextmanager
    async def write(self, *, durable: bool = True, brief: bool = False) -> AsyncIterator[PostgresUnitOfWork]:
        """A transaction; without `durable` its commit need not wait for the disk, and it is `brief`."""
        async with self._pool.acquire() as connection:
            uow = PostgresUnitOfWork(self.site, connection)
            try:
                async with connection.transaction():
                    if brief or not durable:
                        await connection.execute(self._briefly if durable else self._quickly)
                    yield uow
            except _UNDONE as undone:
                raise Undone(str(undone)) from undone
        for what in uow.announcements:
            await self.announce(what)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._pool.close()
