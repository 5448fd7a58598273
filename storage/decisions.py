"""Decisions as rows: written once, read by id or page by page, dropped when they are old."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import delete, false, insert, select, update
from sqlalchemy.sql import Select

from storage.database import Reader, UnitOfWork
from storage.keyset import Page, Shape, Window, fetch, windowed
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.decisions import KeptDecision, decisions
from storage.tables.lists import lists
from storage.tables.people import people

_VALUES = {each.name: param(each.name) for each in fields(KeptDecision)}
_ADD = Query(insert(decisions).values(**_VALUES), int)
# What was left for later may have been committed by its own transaction after all.
# Its list or person may be gone.
_STILL_THERE = _VALUES | {
    "list_id": select(lists.c.id).where(lists.c.id == param("list_id")).scalar_subquery(),
    "person_id": select(people.c.id).where(people.c.id == param("person_id")).scalar_subquery(),
}
_ADD_UNLESS_THERE = Query(
    lambda made: made(decisions).values(**_STILL_THERE).on_conflict_do_nothing(index_elements=["id"]), int
)
_AMEND = Query(
    update(decisions)
    .where(decisions.c.id == param("id"))
    .values(action=param("action"), condition=param("condition")),
    int,
)
_BY_ID = query_for(KeptDecision, decisions, where=lambda s: s.where(decisions.c.id == param("id")))
_OF_INSTANTS = query_for(
    KeptDecision,
    decisions,
    where=lambda s: s.where(any_of(decisions.c.list_id, "list_ids"), any_of(decisions.c.at, "instants")),
)
_DROP_OLD = Query(delete(decisions).where(decisions.c.at < param("before")), int)


async def add(uow: UnitOfWork, row: KeptDecision) -> None:
    """Keep a decision."""
    await uow.run(_ADD, **_params(row))


async def add_unless_there(uow: UnitOfWork, rows: Sequence[KeptDecision]) -> int:
    """Keep decisions that may have been kept already; how many were not."""
    return await uow.run_each(_ADD_UNLESS_THERE, [_params(row) for row in rows])


async def amend(uow: UnitOfWork, decision_id: str, *, action: str, condition: str) -> None:
    """Something else had the last word."""
    await uow.run(_AMEND, id=decision_id, action=action, condition=condition)


async def by_id(reader: Reader, decision_id: str) -> KeptDecision | None:
    """A decision by its id."""
    return await reader.first(_BY_ID, id=decision_id)


async def of_instants(reader: Reader, list_ids: Sequence[int], instants: Sequence[int]) -> list[KeptDecision]:
    """The lists' decisions of exactly these instants (microseconds)."""
    return await reader.all(_OF_INSTANTS, list_ids=[*list_ids], instants=[*instants])


@cache
def _of_list(shape: Shape, by_operation: bool, by_action: bool, with_reads: bool) -> Query[KeptDecision]:
    statement: Select[Any] = select(*columns_for(KeptDecision, decisions)).where(
        decisions.c.list_id == param("list_id")
    )
    if by_operation:
        statement = statement.where(any_of(decisions.c.operation, "operations"))
    if not with_reads:
        statement = statement.where(decisions.c.is_plain_read.is_(false()))
    if by_action:
        statement = statement.where(any_of(decisions.c.action, "actions"))
    # The id, a text, breaks ties as a number would.
    key: Any = decisions.c.id
    return Query(windowed(statement, decisions.c.at, key, descending=True, shape=shape), KeptDecision)


async def of_list(
    reader: Reader,
    list_id: int,
    window: Window,
    *,
    operations: Sequence[str] | None = None,
    actions: Sequence[str] | None = None,
    with_reads: bool = True,
) -> Page[KeptDecision]:
    """A page of a list's decisions, newest first; places are (at, id). Without reads, none of whom was let in who only read."""
    params: dict[str, Any] = {"list_id": list_id}
    if operations is not None:
        params["operations"] = [*operations]
    if actions is not None:
        params["actions"] = [*actions]
    query = _of_list(window.shape, operations is not None, actions is not None, with_reads)
    return await fetch(reader, query, window, **params)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Remove decisions from before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)


def _params(row: KeptDecision) -> Mapping[str, Any]:
    return {name: getattr(row, name) for name in _VALUES}
