"""Pages of memberships: the people of a list for its owners, the lists of a person for themselves."""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.sql import Select

from storage.database import Reader, one
from storage.keyset import Page, Shape, Window, fetch, windowed
from storage.lists import like_pattern
from storage.pairs import pair_of
from storage.query import Query, any_of, columns_for, param
from storage.tables.lists import MailingList, Membership, lists, memberships, robots
from storage.tables.words import ListStatus, Origin, Reception, Visibility


class MembershipOrder(Enum):
    """By what memberships are ordered."""

    EMAIL = "address_key"
    LIST_NAME = "name"
    SUBSCRIBED_AT = "subscribed_at"

    @property
    def column(self) -> ColumnElement[Any]:
        """What the database sorts by."""
        return lists.c.name if self is self.LIST_NAME else memberships.c[self.value]

    def place(self, membership: Membership, mlist: MailingList | None = None) -> tuple[Any, int]:
        """Where a membership stands in this order; LIST_NAME needs its list."""
        if self is self.LIST_NAME:
            return (mlist.name if mlist else "", membership.id)
        return (getattr(membership, self.value), membership.id)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which memberships; what is left at its default does not narrow. `shown_only` leaves concealed ones out."""

    search: str = ""
    reception: tuple[Reception, ...] = ()
    origin: tuple[Origin, ...] = ()
    is_bouncing: bool | None = None
    shown_only: bool = False

    @property
    def outline(self) -> tuple[bool, bool, bool, bool | None, bool]:
        """What a statement for this must look like."""
        return bool(self.search), bool(self.reception), bool(self.origin), self.is_bouncing, self.shown_only

    @property
    def params(self) -> dict[str, Any]:
        """The values for that statement."""
        found: dict[str, Any] = {}
        if self.search:
            found["pattern"] = like_pattern(self.search)
        if self.reception:
            found["reception"] = [each.value for each in self.reception]
        if self.origin:
            found["origin"] = [each.value for each in self.origin]
        return found


EVERYBODY = Narrowing()
Outline = tuple[bool, bool, bool, bool | None, bool]


def _narrowed(statement: Select[Any], outline: Outline) -> Select[Any]:
    search, reception, origin, is_bouncing, shown_only = outline
    if search:
        statement = statement.where(
            memberships.c.address_key.like(param("pattern"), escape="!")
            | func.lower(memberships.c.display_name).like(param("pattern"), escape="!")
        )
    if reception:
        statement = statement.where(any_of(memberships.c.reception, "reception"))
    if origin:
        statement = statement.where(any_of(memberships.c.origin, "origin"))
    if is_bouncing is not None:
        statement = statement.where(memberships.c.is_bouncing.is_(is_bouncing))
    if shown_only:
        statement = statement.where(memberships.c.visibility == Visibility.NOCONCEAL.value)
    return statement


@cache
def _of_list(order: MembershipOrder, descending: bool, shape: Shape, outline: Outline) -> Query[Membership]:
    statement = select(*columns_for(Membership, memberships)).where(memberships.c.list_id == param("list_id"))
    return Query(
        windowed(
            _narrowed(statement, outline), order.column, memberships.c.id, descending=descending, shape=shape
        ),
        Membership,
    )


@cache
def _count_of_list(outline: Outline) -> Query[int]:
    statement = select(func.count()).select_from(memberships).where(memberships.c.list_id == param("list_id"))
    return Query(_narrowed(statement, outline), int)


@cache
def _of_keys(
    order: MembershipOrder, descending: bool, shape: Shape, outline: Outline
) -> Query[tuple[Membership, MailingList]]:
    statement = select(
        *columns_for(Membership, memberships), *columns_for(MailingList, lists, robots)
    ).select_from(_JOINED)
    return Query(
        windowed(
            _mine(statement, outline), order.column, memberships.c.id, descending=descending, shape=shape
        ),
        pair_of(Membership, MailingList),
    )


@cache
def _count_of_keys(outline: Outline) -> Query[int]:
    return Query(_mine(select(func.count()).select_from(_JOINED), outline), int)


_JOINED = memberships.join(lists, lists.c.id == memberships.c.list_id).join(
    robots, robots.c.id == lists.c.robot_id
)


def _mine(statement: Select[Any], outline: Outline) -> Select[Any]:
    statement = statement.where(
        any_of(memberships.c.address_key, "keys"), lists.c.robot_id == param("robot_id")
    )
    return _narrowed(statement, outline)


async def page_of_list(
    reader: Reader,
    list_id: int,
    window: Window,
    *,
    order: MembershipOrder = MembershipOrder.EMAIL,
    descending: bool = False,
    narrowing: Narrowing = EVERYBODY,
) -> Page[Membership]:
    """A page of a list's members, by address or by when they came."""
    if order is MembershipOrder.LIST_NAME:
        order = MembershipOrder.EMAIL
    query = _of_list(order, descending, window.shape, narrowing.outline)
    return await fetch(reader, query, window, list_id=list_id, **narrowing.params)


async def count_of_list(reader: Reader, list_id: int, narrowing: Narrowing = EVERYBODY) -> int:
    """How many members `page_of_list` has."""
    return await one(reader, _count_of_list(narrowing.outline), list_id=list_id, **narrowing.params)


async def page_of_keys(
    reader: Reader,
    robot_id: int,
    keys: list[str],
    window: Window,
    *,
    order: MembershipOrder = MembershipOrder.LIST_NAME,
    descending: bool = False,
    narrowing: Narrowing = EVERYBODY,
) -> Page[tuple[Membership, MailingList]]:
    """A page of what these addresses are subscribed to in a robot, each with its list: one statement."""
    query = _of_keys(order, descending, window.shape, narrowing.outline)
    return await fetch(reader, query, window, robot_id=robot_id, keys=keys, **narrowing.params)


async def count_of_keys(
    reader: Reader,
    robot_id: int,
    keys: list[str],
    narrowing: Narrowing = EVERYBODY,
) -> int:
    """How many memberships `page_of_keys` has."""
    return await one(
        reader, _count_of_keys(narrowing.outline), robot_id=robot_id, keys=keys, **narrowing.params
    )


_EVERYTHING: Query[tuple[str, str, str, str]] = Query(
    select(memberships.c.address_key, memberships.c.address, lists.c.name, robots.c.domain)
    .select_from(_JOINED)
    .where(lists.c.robot_id == param("robot_id"), lists.c.status == ListStatus.OPEN.value)
    .order_by(memberships.c.address_key, lists.c.name),
    lambda *row: row,
)


async def everything_of_robot(reader: Reader, robot_id: int) -> dict[str, tuple[str, list[str]]]:
    """By key of each address on an open list of a robot: the address, and its lists."""
    found: dict[str, tuple[str, list[str]]] = {}
    for key, address, name, domain in await reader.all(_EVERYTHING, robot_id=robot_id):
        found.setdefault(key, (address, []))[1].append(f"{name}@{domain}")
    return found
