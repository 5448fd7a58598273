"""Pages of an ordered set, found by the last row seen and never by counting rows."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.sql import Select

from storage.database import Reader
from storage.query import Query, param

T = TypeVar("T")

# The order's value and then the row's id, which breaks ties.
Place = tuple[Any, int]
# Whether a window has a place after which, one before which, and whether it counts from the end.
Shape = tuple[bool, bool, bool]


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` rows after one place and before another; the last ones of them with `from_end`."""

    limit: int
    after: Place | None = None
    before: Place | None = None
    from_end: bool = False

    @property
    def shape(self) -> Shape:
        """What a statement for this window must look like."""
        return self.after is not None, self.before is not None, self.from_end


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in the set's own order; `has_more` says that others lie beyond, in the direction that was walked."""

    rows: list[T]
    has_more: bool


def windowed(
    statement: Select[Any],
    column: ColumnElement[Any],
    key: ColumnElement[int],
    *,
    descending: bool,
    shape: Shape,
) -> Select[Any]:
    """The statement limited to a window of this shape, in the order of `column` and then of `key`."""
    after, before, from_end = shape
    row = tuple_(column, key)
    if after:
        place = tuple_(param("after_value"), param("after_id"))
        statement = statement.where(row < place if descending else row > place)
    if before:
        place = tuple_(param("before_value"), param("before_id"))
        statement = statement.where(row > place if descending else row < place)
    falling = descending is not from_end
    ends = (column.desc(), key.desc()) if falling else (column.asc(), key.asc())
    return statement.order_by(*ends).limit(param("row_limit"))


async def fetch(reader: Reader, query: Query[T], window: Window, **params: Any) -> Page[T]:
    """The window's rows in the set's own order."""
    if window.after is not None:
        params["after_value"], params["after_id"] = window.after
    if window.before is not None:
        params["before_value"], params["before_id"] = window.before
    rows = await reader.all(query, row_limit=window.limit + 1, **params)
    kept = rows[: window.limit]
    return Page(kept[::-1] if window.from_end else kept, len(rows) > window.limit)
