"""What every resolver can reach: the database, the asker, the facts of the request, and what the answer should carry."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import strawberry
from strawberry.dataloader import DataLoader

from delivery.authentication.lookup import Dns, Lookup
from identity.actor import Actor, stranger
from storage.database import Database, Reader, UnitOfWork
from storage.site import Site


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What the transport knows of a request; `host` without its port, `origin` empty when the client sent none."""

    host: str = ""
    user_agent: str = ""
    remote_address: str = ""
    origin: str = ""
    is_secure: bool = False
    # The session came in a cookie, so the browser can be given another.
    by_cookie: bool = False
    request_id: str = ""
    # The word that tells this browser from others, "" where it has none yet.
    browser: str = ""


@dataclass(slots=True)
class Spending:
    """The budget of the asker, as this request sees it: points, and the instant at which it is full again."""

    limit: int = 0
    cost: int = 0
    remaining: int = 0
    reset_at: int = 0


@dataclass(slots=True)
class Answering:
    """What the transport does beside sending the data: set the session cookie, take it away, hang up a socket."""

    cookie: str | None = None
    clears_cookie: bool = False
    # The word for a browser that has none.
    browser: str | None = None
    ended_sessions: set[int] = field(default_factory=set)

    def set_cookie(self, token: str) -> None:
        """Keep this session token in the browser."""
        self.cookie, self.clears_cookie = token, False

    def clear_cookie(self) -> None:
        """Have the browser forget its session."""
        self.cookie, self.clears_cookie = None, True


@dataclass(frozen=True, slots=True)
class NodeKind:
    """A type with global ids: the records that it shows, and how one is fetched by its key.

    `by_key` answers None, or raises Refused, when the asker may not see it: exactly as the field that leads to it.
    """

    record: type
    by_key: Callable[["Context", int], Awaitable[Any | None]]


@dataclass(slots=True)
class Context:
    """One request, or one event of a subscription. `actor` changes when a mutation signs somebody in or out."""

    db: Database
    actor: Actor
    facts: RequestFacts = field(default_factory=RequestFacts)
    answering: Answering = field(default_factory=Answering)
    spending: Spending = field(default_factory=Spending)
    # Where subscriptions hear of changes; None where nobody announces.
    listen: Callable[[str], AsyncIterator[None]] | None = None
    version: str = "0"
    nodes: Mapping[str, NodeKind] = field(default_factory=dict)
    # Makes somebody who asks the DNS and remembers nothing yet.
    lookup: Callable[[], Lookup] = Dns
    _loaders: dict[Any, DataLoader[Any, Any]] = field(default_factory=dict)
    _seals: dict[str, Any] = field(default_factory=dict)

    @property
    def site(self) -> Site:
        """The server's own facts."""
        return self.db.site

    def seal(self, purpose: str, data: bytes) -> bytes:
        """Eight bytes that nobody can make for `data` without the site's secret (keyed BLAKE2b, RFC 7693)."""
        begun = self._seals.get(purpose)
        if begun is None:
            begun = self._seals[purpose] = hashlib.blake2b(key=self.site.key(purpose), digest_size=8)
        made = begun.copy()
        made.update(data)
        sealed: bytes = made.digest()
        return sealed

    def forget(self) -> None:
        """Let go of everything loaded: something was changed, or a new event begins."""
        self._loaders.clear()

    def become_stranger(self) -> None:
        """The asker has signed out."""
        self.actor = stranger(self.actor.robot, remote_address=self.actor.remote_address)
        self.forget()

    def renewed(self) -> "Context":
        """The same asker with nothing loaded yet, for the next event of a subscription."""
        return Context(
            self.db,
            self.actor,
            self.facts,
            self.answering,
            self.spending,
            self.listen,
            self.version,
            self.nodes,
            self.lookup,
        )

    def loader(self, load: "Load") -> DataLoader[Any, Any]:
        """The batch of this request for `load`."""
        found = self._loaders.get(load)
        if found is None:

            async def batch(keys: list[Any]) -> Sequence[Any]:
                return await load(self, keys)

            found = self._loaders[load] = DataLoader(load_fn=batch)
        return found

    def bring(self, load: "Load", values: Mapping[Any, Any]) -> None:
        """Put values that came along with others into the batch for `load`, by their keys."""
        self.loader(load).prime_many(values)

    def at_hand(self, load: "Load", key: Any) -> Any:
        """A value of the batch for `load` that is there already; raises LookupError for one that has to be waited for."""
        found = self.loader(load).cache_map.get(key)
        if found is None or not found.done():
            raise LookupError(key)
        return found.result()


Load: TypeAlias = Callable[["Context", list[Any]], Awaitable[Sequence[Any]]]
Info: TypeAlias = strawberry.Info[Context, Any]


async def load(info: Info, by: "Load", key: Hashable) -> Any:
    """One value out of a batch: `by(context, keys)` is called once for all keys that are asked for at the same time.

    It answers a list as long as `keys`, with None (or an exception) where there is nothing.
    """
    return await info.context.loader(by).load(key)


@asynccontextmanager
async def reading(info: Info) -> AsyncIterator[Reader]:
    """A place to read from, for one resolver."""
    async with info.context.db.read() as reader:
        yield reader


@asynccontextmanager
async def writing(info: Info, *, durable: bool = True) -> AsyncIterator[UnitOfWork]:
    """The transaction of one mutation; committed when the block ends, after which everything is loaded afresh."""
    try:
        async with info.context.db.write(durable=durable) as uow:
            yield uow
    finally:
        # What was read in a transaction that was undone may never have been.
        info.context.forget()
