"""Pages of connections: which rows are wanted, and the rows that came as edges with cursors."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import strawberry

from resolvers.context import Context, Info
from resolvers.cursors import Position, cursor, read_cursor
from resolvers.problems import BadInput
from schema.inputs.common import given
from storage import keyset

T = TypeVar("T")
DEFAULT_SIZE = 20
LARGEST = 100


@dataclass(frozen=True, slots=True)
class Window:
    """The rows that a page wants: up to `size` of them beyond `position` (None: from the edge), backwards from the end or not.

    Ask the domain for `limit` rows, one more than wanted, which tells whether there are more.
    """

    what: str
    size: int
    position: Position | None
    backwards: bool

    @property
    def limit(self) -> int:
        """Rows to ask for."""
        return self.size + 1

    @property
    def keyset(self) -> keyset.Window:
        """The same for queries that page by keyset, which look one row further themselves."""
        after, before = (None, self.position) if self.backwards else (self.position, None)
        return keyset.Window(self.size, cast(Any, after), cast(Any, before), self.backwards)


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """One row in a page, with its place in the order."""

    node: T
    what: str
    position: Position


@dataclass(frozen=True, slots=True)
class PageInfo:
    """How a page lies in the whole."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page; `count` tells how many there are in all, when somebody wants to know."""

    edges: Sequence[Edge[T]]
    has_next: bool
    has_previous: bool
    count: Callable[[], Awaitable[int | None]] | None = None


def window(
    info: Info,
    what: str,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> Window:
    """Check the four arguments of a connection.

    `what` names the connection, its parent, filter and order: a cursor made under another `what` is refused.
    Raises BadInput and CursorInvalid.
    """
    first, after, last, before = given(first), given(after), given(last), given(before)
    if first is not None and last is not None:
        raise BadInput("Give `first` or `last`, not both.")
    backwards = last is not None
    size = last if last is not None else DEFAULT_SIZE if first is None else first
    if not 0 <= size <= LARGEST:
        raise BadInput(f"A page holds 0 to {LARGEST} edges.")
    if (after if backwards else before) is not None:
        raise BadInput("`first` goes with `after`, and `last` with `before`.")
    edge = before if backwards else after
    position = None if edge is None else read_cursor(info.context, what, edge)
    return Window(what, size, position, backwards)


def page(
    wanted: Window,
    rows: Sequence[T],
    position: Callable[[T], Position],
    count: Callable[[], Awaitable[int | None]] | None = None,
) -> Page[T]:
    """The rows that the domain found for a window, nearest first, as a page.

    With `wanted.backwards` the rows come in reverse order. `position` gives a row's order values, its id last.
    """
    has_more = len(rows) > wanted.size
    kept = list(rows[: wanted.size])
    if wanted.backwards:
        kept.reverse()
    edges = [Edge(row, wanted.what, position(row)) for row in kept]
    beyond = wanted.position is not None
    has_next, has_previous = (beyond, has_more) if wanted.backwards else (has_more, beyond)
    return Page(edges, has_next, has_previous, count)


def keyset_page(
    wanted: Window,
    found: keyset.Page[T],
    position: Callable[[T], Position],
    count: Callable[[], Awaitable[int | None]] | None = None,
) -> Page[T]:
    """What a query by keyset found, as a page."""
    edges = [Edge(row, wanted.what, position(row)) for row in found.rows]
    beyond = wanted.position is not None
    has_next, has_previous = (beyond, found.has_more) if wanted.backwards else (found.has_more, beyond)
    return Page(edges, has_next, has_previous, count)


def page_of_all(wanted: Window, rows: Iterable[T], position: Callable[[T], Any]) -> Page[T]:
    """A page out of rows that are all in hand, since there are few by nature; they are sorted by `position`."""
    ordered = sorted(rows, key=position, reverse=wanted.backwards)
    total = len(ordered)
    place = wanted.position
    if place is not None:
        ordered = [
            row for row in ordered if (position(row) < place if wanted.backwards else position(row) > place)
        ]

    async def count() -> int:
        return total

    return page(wanted, ordered[: wanted.limit], position, count)


def edge_cursor(edge: Edge[Any], context: Context) -> str:
    """A computed field: the cursor of an edge."""
    return cursor(context, edge.what, edge.position)


def page_info(found: Page[Any], context: Context) -> PageInfo:
    """A computed field: how a page lies in the whole."""
    start, end = (
        (edge_cursor(found.edges[0], context), edge_cursor(found.edges[-1], context))
        if found.edges
        else (None, None)
    )
    return PageInfo(found.has_next, found.has_previous, start, end)


async def total_count(root: strawberry.Parent[Any]) -> int | None:
    """How many there are in all; asked only when wanted."""
    return None if root.count is None else await root.count()
