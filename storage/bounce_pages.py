"""Pages of members whose mail comes back, the worst first."""

from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.sql import Select

from storage.bounce_scores import COLUMNS, OF_MEMBERSHIP
from storage.database import Reader, one
from storage.keyset import Page, Shape, Window, fetch, windowed
from storage.pairs import pair_of
from storage.query import Query, any_of, columns_for, param
from storage.tables.bounces import BounceScore, membership_bounces
from storage.tables.lists import Membership, memberships
from storage.tables.words import BounceKind

_JOINED = membership_bounces.join(memberships, OF_MEMBERSHIP)


def _narrowed(statement: Select[Any]) -> Select[Any]:
    return statement.select_from(_JOINED).where(
        membership_bounces.c.list_id == param("list_id"),
        membership_bounces.c.score >= param("least"),
        any_of(membership_bounces.c.kind, "kinds"),
    )


_MEMBER_COLUMNS = columns_for(Membership, memberships)


@cache
def _of_list(shape: Shape) -> Query[tuple[BounceScore, Membership]]:
    statement = _narrowed(select(*COLUMNS, *_MEMBER_COLUMNS))
    return Query(
        windowed(
            statement,
            membership_bounces.c.score,
            membership_bounces.c.membership_id,
            descending=True,
            shape=shape,
        ),
        pair_of(BounceScore, Membership),
    )


_COUNT = Query(_narrowed(select(func.count())), int)


def _params(list_id: int, least: int, kinds: tuple[BounceKind, ...]) -> dict[str, Any]:
    return {"list_id": list_id, "least": least, "kinds": [each.value for each in kinds]}


async def of_list(
    reader: Reader,
    list_id: int,
    window: Window,
    *,
    least: int = 0,
    kinds: tuple[BounceKind, ...] = tuple(BounceKind),
) -> Page[tuple[BounceScore, Membership]]:
    """A page of a list's members whose mail comes back, with a score of at least `least` (thousandths).

    Places are (score, membership id).
    """
    return await fetch(reader, _of_list(window.shape), window, **_params(list_id, least, kinds))


async def count(
    reader: Reader, list_id: int, *, least: int = 0, kinds: tuple[BounceKind, ...] = tuple(BounceKind)
) -> int:
    """How many `of_list` has."""
    return await one(reader, _COUNT, **_params(list_id, least, kinds))
