"""Mailing lists and their settings, found by address, by id, and page by page in the directory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, func, insert, literal_column, select, update
from sqlalchemy.sql import Select

from storage.database import Reader, UnitOfWork
from storage.keyset import Page, Shape, Window, fetch, windowed
from storage.query import Query, any_of, columns_for, param
from storage.tables.lists import MailingList, lists, memberships, robots, roles, scenario_texts
from storage.tables.words import ListStatus

# Columns that a setting writes; `status` is changed by opening and closing.
SETTING_COLUMNS = (
    "subject", "description", "language", "send", "subscribe", "unsubscribe", "review", "visibility", "info",
    "add", "del", "invite", "remind", "archive_web_access", "archive_mail_access", "d_read", "d_edit", "tracking",
    "priority", "personalization", "subject_tag", "message_size_limit", "documents_quota", "document_size_limit",
    "alt_email_policy", "custom_vars", "topics",
    "dkim_sign_posts", "reply_to_list", "dmarc_protection", "dmarc_policies", "dmarc_exempt_domains", "header", "footer", "footer_html", "merge", "verp_every",
    "bounce_warn_score", "bounce_suspend_score", "bounce_decay_days", "bounce_probe", "bounce_probe_days",
    "bounce_complaint", "bounce_digest",
    "most_posts_per_hour",
    "most_posts_per_author_per_hour",
    "tells_peers",
)  # fmt: skip
_FOREVER = 2**62


class ListOrder(Enum):
    """By what the directory is ordered."""

    NAME = "name"
    CREATED_AT = "created_at"
    LATEST_MESSAGE_AT = "latest_message_at"

    @property
    def column(self) -> ColumnElement[Any]:
        """What the database sorts by; a list without messages counts as the oldest."""
        return (
            func.coalesce(lists.c.latest_message_at, 0)
            if self is self.LATEST_MESSAGE_AT
            else lists.c[self.value]
        )

    def place(self, mlist: MailingList) -> tuple[Any, int]:
        """Where a list stands in this order."""
        return (getattr(mlist, self.value) or 0, mlist.id)


def selection() -> Select[Any]:
    """All columns of a MailingList."""
    return select(*columns_for(MailingList, lists, robots)).join(robots, robots.c.id == lists.c.robot_id)


_BY_NAME = Query(
    selection().where(robots.c.domain == param("domain"), lists.c.name == param("name")), MailingList
)
_BY_ID = Query(selection().where(lists.c.id == param("list_id")), MailingList)
_BY_IDS = Query(selection().where(any_of(lists.c.id, "list_ids")), MailingList)
_OF_ROBOT = Query(
    selection().where(lists.c.robot_id == param("robot_id")).order_by(lists.c.name), MailingList
)
_VALUES: dict[str, Any] = {
    "robot_id": param("robot_id"),
    "name": param("name"),
    "status": param("status"),
    "created_at": param("now"),
    "updated_at": param("now"),
    "family_id": param("family_id"),
    **{name: param(name) for name in SETTING_COLUMNS},
}
_ADD = Query(insert(lists).values(_VALUES).returning(lists.c.id), int)


def _add_unless_there(inserter: Any) -> Any:
    return inserter(lists).values(_VALUES).on_conflict_do_nothing(index_elements=["robot_id", "name"])


_ADD_MANY: Query[int] = Query(_add_unless_there, int)
_CHANGES: dict[str, Any] = {
    "status": param("status"),
    "updated_at": param("now"),
    **{name: param(name) for name in SETTING_COLUMNS},
}
_UPDATE = Query(
    update(lists)
    .where(lists.c.id == param("list_id"), lists.c.updated_at <= param("unmodified_since"))
    .values(_CHANGES),
    int,
)


async def find(reader: Reader, name: str, domain: str) -> MailingList | None:
    """The list of that name in the robot of that domain."""
    return await reader.first(_BY_NAME, name=name, domain=domain)


async def by_id(reader: Reader, list_id: int) -> MailingList | None:
    """The list with this id."""
    return await reader.first(_BY_ID, list_id=list_id)


async def by_ids(reader: Reader, list_ids: list[int]) -> dict[int, MailingList]:
    """Lists by their ids, in one statement."""
    return {mlist.id: mlist for mlist in await reader.all(_BY_IDS, list_ids=list_ids)}


async def of_robot(reader: Reader, robot_id: int) -> list[MailingList]:
    """Every list of a robot, by name."""
    return await reader.all(_OF_ROBOT, robot_id=robot_id)


async def add(
    uow: UnitOfWork,
    robot_id: int,
    name: str,
    status: ListStatus,
    values: Mapping[str, Any],
    *,
    family_id: int | None = None,
) -> int:
    """A new list with all of its settings; its id."""
    made = await uow.first(_ADD, **_row(uow, robot_id, name, status, values, family_id))
    if made is None:
        raise LookupError("INSERT returned nothing")
    return made


async def add_many(
    uow: UnitOfWork,
    robot_id: int,
    rows: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    family_id: int | None = None,
) -> None:
    """Many open lists, each a name with all of its settings; those that exist stay as they are."""
    await uow.run_many(
        _ADD_MANY, [_row(uow, robot_id, name, ListStatus.OPEN, values, family_id) for name, values in rows]
    )


def _row(
    uow: UnitOfWork,
    robot_id: int,
    name: str,
    status: ListStatus,
    values: Mapping[str, Any],
    family_id: int | None,
) -> dict[str, Any]:
    return {
        "robot_id": robot_id,
        "name": name,
        "status": status.value,
        "now": uow.now,
        "family_id": family_id,
        **values,
    }


def values_of(mlist: MailingList) -> dict[str, Any]:
    """A list's settings by their columns."""
    plain = {name: getattr(mlist, "del_" if name == "del" else name) for name in SETTING_COLUMNS}
    return {name: value.value if isinstance(value, Enum) else value for name, value in plain.items()}


async def change(
    uow: UnitOfWork,
    mlist: MailingList,
    values: Mapping[str, Any],
    *,
    status: ListStatus | None = None,
    unmodified_since: int | None = None,
) -> bool:
    """Write some settings or the state; False when the list changed after `unmodified_since` (an instant)."""
    changed = await uow.run(_UPDATE, **_change_row(uow, mlist, values, status, unmodified_since))
    return changed == 1


async def change_many(
    uow: UnitOfWork, changes: Iterable[tuple[MailingList, Mapping[str, Any], ListStatus | None]]
) -> None:
    """Write settings or states of many lists."""
    await uow.run_many(
        _UPDATE, [_change_row(uow, mlist, values, status, None) for mlist, values, status in changes]
    )


def _change_row(
    uow: UnitOfWork,
    mlist: MailingList,
    values: Mapping[str, Any],
    status: ListStatus | None,
    unmodified_since: int | None,
) -> dict[str, Any]:
    return {
        "list_id": mlist.id,
        "unmodified_since": _FOREVER if unmodified_since is None else unmodified_since,
        "status": (status or mlist.status).value,
        "now": uow.now,
        **values_of(mlist),
        **values,
    }


@cache
def _page(
    order: ListOrder, descending: bool, shape: Shape, in_robot: bool, search: bool, topic: bool
) -> Query[MailingList]:
    statement = selection().where(any_of(lists.c.status, "statuses"))
    if topic:
        # The names of a list's topics stand between spaces.
        padded = literal_column("' '").concat(lists.c.topics).concat(literal_column("' '"))
        statement = statement.where(
            padded.like(param("topic"), escape="!") | padded.like(param("branch"), escape="!")
        )
    return Query(
        windowed(
            _narrowed(statement, in_robot, search),
            order.column,
            lists.c.id,
            descending=descending,
            shape=shape,
        ),
        MailingList,
    )


def _narrowed(statement: Select[Any], in_robot: bool, search: bool) -> Select[Any]:
    if in_robot:
        statement = statement.where(lists.c.robot_id == param("robot_id"))
    if search:
        like = param("pattern")
        statement = statement.where(
            func.lower(lists.c.name).like(like, escape="!")
            # What only some may read is found by nobody: a hit would tell it.
            | (
                (lists.c.info == "open")
                & (
                    func.lower(lists.c.subject).like(like, escape="!")
                    | func.lower(lists.c.description).like(like, escape="!")
                )
            )
        )
    return statement


async def page(
    reader: Reader,
    window: Window,
    *,
    order: ListOrder = ListOrder.NAME,
    descending: bool = False,
    statuses: tuple[ListStatus, ...] = (ListStatus.OPEN,),
    robot_id: int | None = None,
    search: str = "",
    topic: str = "",
) -> Page[MailingList]:
    """A page of lists, visible or not; `search` is part of a name, subject or description, `topic` the name of one.

    Lists under a branch of that topic are there, too.
    """
    query = _page(order, descending, window.shape, robot_id is not None, bool(search), bool(topic))
    beneath = {"topic": like_pattern(f" {topic} "), "branch": like_pattern(f" {topic}/")} if topic else {}
    wanted = [status.value for status in statuses]
    return await fetch(reader, query, window, statuses=wanted, **_filled(robot_id, search), **beneath)


@dataclass(frozen=True, slots=True)
class Kin:
    """Open lists of one robot that show themselves by the same rules: one of them, and how many they are."""

    robot_id: int
    visibility: str
    alt_email_policy: str
    sample_id: int
    count: int


@cache
def _kin(in_robot: bool, search: bool) -> Query[Kin]:
    alike = (lists.c.robot_id, lists.c.visibility, lists.c.alt_email_policy)
    statement = select(*alike, func.min(lists.c.id), func.count()).where(
        lists.c.status == ListStatus.OPEN.value
    )
    return Query(_narrowed(statement, in_robot, search).group_by(*alike), Kin)


@cache
def _special(in_robot: bool, search: bool) -> Query[MailingList]:
    statement = selection().where(
        lists.c.status == ListStatus.OPEN.value,
        lists.c.id.in_(
            select(memberships.c.list_id)
            .where(any_of(memberships.c.base_key, "bases"))
            .union(
                select(roles.c.list_id).where(
                    any_of(roles.c.base_key, "bases"), roles.c.list_id.is_not(None)
                ),
                select(scenario_texts.c.list_id).where(
                    scenario_texts.c.operation.in_(("visibility", "include")),
                    scenario_texts.c.list_id.is_not(None),
                ),
            )
        ),
    )
    return Query(_narrowed(statement, in_robot, search), MailingList)


def _filled(robot_id: int | None, search: str) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if robot_id is not None:
        params["robot_id"] = robot_id
    if search:
        params["pattern"] = like_pattern(search)
    return params


async def kin(reader: Reader, *, robot_id: int | None = None, search: str = "") -> list[Kin]:
    """The open lists, counted by robot, visibility scenario and policy for alternate addresses."""
    query = _kin(robot_id is not None, bool(search))
    return await reader.all(query, **_filled(robot_id, search))


async def special(
    reader: Reader, bases: list[str], *, robot_id: int | None = None, search: str = ""
) -> list[MailingList]:
    """The open lists that addresses with these base keys have to do with, and those with a visibility text of their own."""
    query = _special(robot_id is not None, bool(search))
    return await reader.all(query, bases=bases, **_filled(robot_id, search))


def like_pattern(search: str) -> str:
    """A LIKE pattern, with `!` as its escape, for texts that hold `search` somewhere, whatever the case."""
    # No stored text holds a NUL, and PostgreSQL takes none in a parameter.
    escaped = search.replace("\0", "").lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"
