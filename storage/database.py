"""One door to SQL for reads and one for transactions, the same on SQLite and PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar, cast

from storage.query import DialectName, Query
from storage.site import Site

T = TypeVar("T")


class Undone(Exception):
    """Another transaction was in the way of this one, so the database undid it; the same can be tried again at once."""

    code = "UNDONE"


class Reader(Protocol):
    """Reads; each statement sees what was committed before it (in a transaction: its own changes too)."""

    site: Site
    dialect: DialectName

    @property
    def now(self) -> int:
        """The instant of this request or transaction, in microseconds since the epoch."""
        ...

    async def all(self, query: Query[T], **params: Any) -> list[T]:
        """Every row."""
        ...

    async def first(self, query: Query[T], **params: Any) -> T | None:
        """The first row, or None."""
        ...

    def stream(self, query: Query[T], **params: Any) -> AsyncIterator[T]:
        """Row after row, for results too large to hold."""
        ...


class UnitOfWork(Reader, Protocol):
    """One transaction: all of it is committed when its block ends, or none."""

    async def run(self, query: Query[Any], **params: Any) -> int:
        """Change rows; how many."""
        ...

    async def run_many(self, query: Query[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """The same change for many rows."""
        ...

    async def run_each(self, query: Query[Any], rows: Sequence[Mapping[str, Any]]) -> int:
        """The same change for a few rows, here and now; how many rows were changed in all."""
        ...

    def announce(self, what: str = "deliver") -> None:
        """After the commit, wake those who wait for `what`."""
        ...


class Database(Protocol):
    """A database with the server's schema in it."""

    site: Site
    dialect: DialectName
    announce: Callable[[str], Awaitable[None]]

    def read(self) -> AbstractAsyncContextManager[Reader]:
        """A place to read from."""
        ...

    def write(self, *, durable: bool = True, brief: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """A transaction. With `durable`, its commit is on the disk (power loss included) when the block has ended.

        A `brief` one awaits nothing but its statements: where it stands idle, its process was stopped, and a database that
        others wait for undoes it. Those that are not durable are brief.
        Raises Undone when two of them waited for each other (PostgreSQL); see `storage.undone`.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


def transaction_of(reader: Reader) -> UnitOfWork | None:
    """The transaction that somebody reads in; None for one who only reads."""
    return cast(UnitOfWork, reader) if hasattr(reader, "run") else None


async def announce_nobody(what: str) -> None:
    """The announcement of a database that nobody listens to."""


async def one(reader: Reader, query: Query[T], **params: Any) -> T:
    """The first row of a query that always has one, such as INSERT … RETURNING."""
    found = await reader.first(query, **params)
    if found is None:
        raise LookupError(f"no row from: {query.statement}")
    return found


def merged(constants: Mapping[str, Any], params: Mapping[str, Any]) -> Mapping[str, Any]:
    """A statement's own values and the caller's together."""
    return {**constants, **params} if constants else params


def ordered(order: Sequence[str], values: Mapping[str, Any]) -> list[Any]:
    """Values in the order that numbered parameters want."""
    return [values[name] for name in order]
