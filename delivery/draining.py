"""The switch that keeps mail from leaving, and domains that are to be treated as any other again."""

from identity.actor import Actor
from lists import offices
from lists.robots import OperatorOnly
from storage import audit, domain_paces, queue_stops
from storage.database import Reader, UnitOfWork
from storage.tables.lists import Robot
from storage.tables.queue import DomainPace, QueueStop


async def stop_queue(uow: UnitOfWork, actor: Actor, robot: Robot | None) -> None:
    """Let nothing of a robot leave from the next packet on, until `start_queue`; of all robots where it is None.

    Survives restarts; mail is taken in as ever (row 31). Raises OperatorOnly, ListmastersOnly.
    """
    await _require(uow, actor, robot)
    await queue_stops.stop(uow, None if robot is None else robot.id, actor.sender)
    await _note(uow, "queue_stopped", actor, robot)


async def start_queue(uow: UnitOfWork, actor: Actor, robot: Robot | None) -> bool:
    """Let mail leave again, each delivery from where it was; whether it had been stopped. Raises as `stop_queue`."""
    await _require(uow, actor, robot)
    was_stopped = await queue_stops.release(uow, None if robot is None else robot.id)
    if was_stopped:
        await _note(uow, "queue_started", actor, robot)
    return was_stopped


async def stops_of(reader: Reader, actor: Actor, robot: Robot) -> list[QueueStop]:
    """What keeps a robot's mail from leaving now, for its listmasters. Raises ListmastersOnly."""
    await _require(reader, actor, robot)
    return await queue_stops.applying_to(reader, robot.id)


async def paces_for(reader: Reader, actor: Actor, robot: Robot | None) -> list[DomainPace]:
    """The domains that are treated gently now, for listmasters and the operator. Raises as `stop_queue`."""
    await _require(reader, actor, robot)
    return await domain_paces.every(reader)


async def reset_pace(uow: UnitOfWork, actor: Actor, robot: Robot | None, domain: str | None) -> int:
    """Treat a domain (None: all) as any other again, until it puts us off anew; how many were reset.

    Raises as `stop_queue`.
    """
    await _require(uow, actor, robot)
    count = await domain_paces.forget(uow, domain)
    await _note(uow, "domain_pace_reset", actor, robot, domain=domain or "*")
    uow.announce("deliver")
    return count


async def _require(reader: Reader, actor: Actor, robot: Robot | None) -> None:
    if robot is not None:
        await offices.require_listmaster(reader, actor, robot.id)
    elif not actor.is_operator:
        raise OperatorOnly


async def _note(uow: UnitOfWork, event: str, actor: Actor, robot: Robot | None, **detail: str) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=None if robot is None else robot.id,
        detail=detail,
    )
