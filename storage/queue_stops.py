"""Switches that stop the queue, of one robot or of the whole server; they outlive restarts (row 31)."""

from sqlalchemy import delete, insert, or_

from storage.database import Reader, UnitOfWork
from storage.query import Query, param, query_for
from storage.tables.queue import QueueStop, queue_stops

_EVERY = query_for(QueueStop, queue_stops, where=lambda s: s.order_by(queue_stops.c.id))
_ADD = Query(
    insert(queue_stops).values(robot_id=param("robot_id"), since=param("now"), actor=param("actor")), int
)
_REMOVE = Query(delete(queue_stops).where(queue_stops.c.robot_id == param("robot_id")), int)
_REMOVE_GLOBAL = Query(delete(queue_stops).where(queue_stops.c.robot_id.is_(None)), int)
_APPLYING = query_for(
    QueueStop,
    queue_stops,
    where=lambda s: s.where(
        or_(queue_stops.c.robot_id.is_(None), queue_stops.c.robot_id == param("robot_id"))
    ).order_by(queue_stops.c.id),
)


async def every(reader: Reader) -> list[QueueStop]:
    """All that stop something now."""
    return await reader.all(_EVERY)


async def applying_to(reader: Reader, robot_id: int) -> list[QueueStop]:
    """Those that stop the mail of a robot now, its own and those of the whole server."""
    return await reader.all(_APPLYING, robot_id=robot_id)


async def stop(uow: UnitOfWork, robot_id: int | None, actor: str) -> None:
    """Nothing is leased from the next packet on; of all robots where `robot_id` is None."""
    await release(uow, robot_id)
    await uow.run(_ADD, robot_id=robot_id, actor=actor, now=uow.now)


async def release(uow: UnitOfWork, robot_id: int | None) -> bool:
    """Let mail leave again; whether it was stopped."""
    if robot_id is None:
        removed = await uow.run(_REMOVE_GLOBAL)
    else:
        removed = await uow.run(_REMOVE, robot_id=robot_id)
    uow.announce("deliver")
    return removed > 0
