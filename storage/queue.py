"""The order of the queue: which delivery of each list is first now, and a lease of some of its packets under a fence."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, columns_for, param
from storage.tables.mail import Packet, deliveries, packets
from storage.tables.queue import queue_stops
from storage.tables.words import DeliveryStatus, PacketState

NEVER = 10
"""The priority `z`: queued and never sent (row 30)."""

# Written out, since a partial index serves only a condition that is known when the statement is planned.
is_new = packets.c.state == literal_column(f"'{PacketState.NEW.value}'")
is_open = deliveries.c.status.in_(
    [literal_column(f"'{status.value}'") for status in (DeliveryStatus.QUEUED, DeliveryStatus.RUNNING)]
)
_MOST_LISTS = 200
_NO_AGEING = 2**60


@dataclass(frozen=True, slots=True)
class Waiting:
    """The delivery that is first among those of its list; `rank` is its priority less what it gained by waiting."""

    id: int
    is_queued: bool
    list_key: int
    rank: int


def _due(*, some_are_held: bool) -> ColumnElement[bool]:
    due = and_(is_new, packets.c.due_at <= param("now"))
    return and_(due, not_(any_of(packets.c.domain, "held"))) if some_are_held else due


_since = func.coalesce(deliveries.c.queued_at, deliveries.c.created_at)
_gained = (cast(param("now"), BigInteger) - _since) // cast(param("ageing"), BigInteger)
_rank = case((_gained >= deliveries.c.priority, 0), else_=deliveries.c.priority - _gained)
_list_key = func.coalesce(deliveries.c.list_id, 0)
_is_stopped = exists().where(
    or_(queue_stops.c.robot_id.is_(None), queue_stops.c.robot_id == deliveries.c.robot_id)
)
_may_go = and_(is_open, deliveries.c.priority < NEVER, ~_is_stopped)
_columns = (
    deliveries.c.id.label("id"),
    (deliveries.c.status == DeliveryStatus.QUEUED.value).label("is_queued"),
    _list_key.label("list_key"),
    _rank.label("rank"),
)


@cache
def _waiting(*, some_are_held: bool) -> Query[Waiting]:
    place = func.row_number().over(partition_by=_list_key, order_by=(_rank, deliveries.c.id))
    has_more = exists().where(packets.c.delivery_id == deliveries.c.id, _due(some_are_held=some_are_held))
    found = select(*_columns, place.label("place")).where(_may_go, has_more).subquery("found")
    first = select(found.c.id, found.c.is_queued, found.c.list_key, found.c.rank).where(found.c.place == 1)
    return Query(first.order_by(found.c.rank, found.c.id).limit(_MOST_LISTS), Waiting)


def _is_one_of(chosen: Select[tuple[int]]) -> ColumnElement[bool]:
    """Whether a packet is among those that were chosen and locked.

    Once: standing in the statement itself, PostgreSQL may choose anew for each row that it compares, which locks a further
    packet each time that the one before is passed over, and leases far more than were wanted.
    """
    once = chosen.cte("chosen").prefix_with("MATERIALIZED", dialect="postgresql")
    return packets.c.id.in_(select(once.c.id))


@cache
def _lease(*, some_are_held: bool) -> Query[Packet]:
    chosen = (
        select(packets.c.id)
        .where(packets.c.delivery_id == param("delivery_id"), _due(some_are_held=some_are_held))
        # The order of the index, so that as many rows are read as are leased, however many wait.
        .order_by(packets.c.due_at, packets.c.id)
        .limit(param("limit"))
        .with_for_update(skip_locked=True)
    )
    return Query(
        update(packets)
        .where(_is_one_of(chosen))
        .values(
            state=PacketState.LEASED.value,
            fence=case((packets.c.fence >= param("now"), packets.c.fence + 1), else_=param("now")),
            worker=param("worker"),
            leased_until=param("leased_until"),
        )
        .returning(*columns_for(Packet, packets)),
        Packet,
    )


@cache
def _bring_forward(waits: tuple[int, ...]) -> Query[int]:
    # When a packet was put off follows from how often it was, since that says how long it waits.
    steps = [(packets.c.attempts == place, wait) for place, wait in enumerate(waits[:-1], start=1)]
    put_off_at = packets.c.due_at - case(*steps, else_=waits[-1])
    chosen = (
        select(packets.c.id)
        .join(deliveries, deliveries.c.id == packets.c.delivery_id)
        .where(
            _may_go,
            is_new,
            packets.c.due_at > param("now"),
            packets.c.attempts > 0,
            put_off_at.between(param("since"), param("until")),
        )
        .order_by(deliveries.c.priority, deliveries.c.id, packets.c.due_at)
        .limit(param("limit"))
        .with_for_update(of=packets, skip_locked=True)
    )
    due = update(packets).where(_is_one_of(chosen)).values(due_at=param("now"))
    # SQLite's driver does not count what a statement changes that begins with WITH.
    return Query(due.returning(packets.c.id), int)


_STANDING = Query(select(*_columns).where(deliveries.c.id == param("id"), _may_go), Waiting)
_START = Query(
    update(deliveries)
    .where(deliveries.c.id == param("id"), deliveries.c.status == DeliveryStatus.QUEUED.value)
    .values(status=DeliveryStatus.RUNNING.value, started_at=param("now")),
    int,
)


async def waiting(reader: Reader, *, ageing: int = _NO_AGEING, held: Sequence[str] = ()) -> list[Waiting]:
    """The first delivery of each list that has something to send now, the most urgent first (rows 19, 30).

    `ageing` is how long a delivery waits for each step of priority that it gains, in microseconds; `z` gains none. `held`
    are domains that nothing is sent to now. Nothing is found while the queue is stopped.
    """
    some = {"held": list(held)} if held else {}
    return await reader.all(_waiting(some_are_held=bool(held)), now=reader.now, ageing=ageing, **some)


async def standing(reader: Reader, delivery_id: int, *, ageing: int = _NO_AGEING) -> Waiting | None:
    """Where a delivery stands now, whether or not packets of it wait; None while it may not go on."""
    return await reader.first(_STANDING, id=delivery_id, now=reader.now, ageing=ageing)


async def lease(
    uow: UnitOfWork,
    delivery: Waiting,
    worker: str,
    *,
    limit: int,
    leased_until: int,
    held: Sequence[str] = (),
) -> list[Packet]:
    """Up to `limit` packets of a delivery, leased until then; none where other workers have just taken them all."""
    if delivery.is_queued:
        await uow.run(_START, id=delivery.id, now=uow.now)
    some = {"held": list(held)} if held else {}
    return await uow.all(
        _lease(some_are_held=bool(held)),
        delivery_id=delivery.id,
        now=uow.now,
        limit=limit,
        worker=worker,
        leased_until=leased_until,
        **some,
    )


async def bring_forward(
    uow: UnitOfWork, *, since: int, until: int, waits: tuple[int, ...], limit: int
) -> int:
    """Up to `limit` packets that were put off between these instants are due now; how many, the most urgent first.

    `waits` is how long a packet waits after its first try, its second and so on, in microseconds; the last for all others.
    """
    found = await uow.all(_bring_forward(waits), since=since, until=until, limit=limit, now=uow.now)
    return len(found)
