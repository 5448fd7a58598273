"""What deliveries that ended long ago still hold: the bytes that went out, and whom each packet was for."""

from sqlalchemy import delete, exists, func, or_, select

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, param
from storage.tables.expansion import expansions
from storage.tables.mail import deliveries, outgoing_messages, packets

# From the first that has anything, so that those which were emptied before are not looked at again.
_first_packets = select(func.coalesce(func.min(packets.c.delivery_id), 2**62)).scalar_subquery()
_first_bytes = select(func.coalesce(func.min(outgoing_messages.c.delivery_id), 2**62)).scalar_subquery()
_SPENT = Query(
    select(deliveries.c.id)
    .where(
        or_(deliveries.c.id >= _first_packets, deliveries.c.id >= _first_bytes),
        deliveries.c.finished_at < param("before"),
        or_(
            exists().where(packets.c.delivery_id == deliveries.c.id),
            exists().where(outgoing_messages.c.delivery_id == deliveries.c.id),
        ),
    )
    .order_by(deliveries.c.id)
    .limit(param("limit")),
    int,
)
_DROP_PACKETS = Query(
    delete(packets).where(
        packets.c.id.in_(
            select(packets.c.id)
            .where(packets.c.delivery_id == param("delivery_id"))
            .order_by(packets.c.seq)
            .limit(param("limit"))
        )
    ),
    int,
)
_DROP_BYTES = Query(delete(outgoing_messages).where(any_of(outgoing_messages.c.delivery_id, "ids")), int)
_DROP_EXPANSIONS = Query(delete(expansions).where(any_of(expansions.c.delivery_id, "ids")), int)


async def spent(reader: Reader, *, before: int, limit: int) -> list[int]:
    """Deliveries that ended before then, in whatever way, and still have packets or bytes; the oldest first."""
    return await reader.all(_SPENT, before=before, limit=limit)


async def drop_packets(uow: UnitOfWork, delivery_id: int, *, limit: int) -> int:
    """Remove up to so many packets of a delivery; how many. Its counts and its exceptional recipients stay."""
    return await uow.run(_DROP_PACKETS, delivery_id=delivery_id, limit=limit)


async def drop_bytes(uow: UnitOfWork, ids: list[int]) -> None:
    """Remove what those deliveries sent, and what was left of their expansion where they were cancelled."""
    await uow.run(_DROP_BYTES, ids=ids)
    await uow.run(_DROP_EXPANSIONS, ids=ids)
