"""The queue as a whole, for listmasters: what keeps mail from leaving, and domains that are treated gently."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import strawberry
from strawberry import UNSET

from delivery import control, draining
from identity.actor import Actor
from identity.refusal import NotFound
from resolvers.context import Context, Info, load, reading
from resolvers.deliveries import WhichRecipients, delivery_by_key
from resolvers.deliveries import recipients as recipients_of_delivery
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.pages import Page
from resolvers.payloads import Payload, refusable, scoped
from resolvers.robots import listmaster_here
from schema.inputs.common import After, Before, Everything, First, Last, given
from schema.inputs.queue import DomainPaceResetInput, QueueStartInput, QueueStopInput
from storage.database import UnitOfWork
from storage.tables.lists import Robot
from storage.tables.mail import Delivery, ExceptionalRecipient
from storage.tables.queue import DomainPace, QueueStop
from storage.tables.words import TokenScope

SomeDelivery = Annotated[strawberry.ID, strawberry.argument(description="The delivery.")]


@dataclass(frozen=True, slots=True)
class Queue:
    """What holds a robot's mail back at the instant `now`."""

    stops: list[QueueStop]
    domains: list[DomainPace]
    now: int


async def of_robot(root: strawberry.Parent[Robot], info: Info) -> Queue | None:
    """The queue, for the robot's listmasters."""
    if not await load(info, listmaster_here, root.id):
        return None
    actor = info.context.actor
    async with reading(info) as reader:
        stops = await draining.stops_of(reader, actor, root)
        return Queue(stops, await draining.paces_for(reader, actor, root), reader.now)


def is_stopped(root: Queue, _context: Context) -> bool:
    """Whether anything keeps it."""
    return bool(root.stops)


def stopped_since(root: Queue, _context: Context) -> int | None:
    """Since when, by the oldest switch."""
    return min((each.since for each in root.stops), default=None)


async def audit(root: strawberry.Parent[Delivery], info: Info) -> control.Account | None:
    """Counted from packets and recipients."""
    async with reading(info) as reader:
        return await control.account(reader, root.id)


async def delivery_audit(info: Info, delivery_id: SomeDelivery) -> control.Account | None:
    """The same, asked for by the delivery's id."""
    found = await delivery_by_key(info.context, key_of(info.context, delivery_id, "Delivery"))
    return None if found is None else await audit(found, info)


async def recipients(
    root: strawberry.Parent[control.Account],
    info: Info,
    filter: WhichRecipients = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[ExceptionalRecipient] | None:
    """Those of the account whose answer was not a plain yes."""
    found = await delivery_by_key(info.context, root.progress.delivery_id)
    if found is None:
        return None
    return await recipients_of_delivery(found, info, filter, first, after, last, before)


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def queue_stop(info: Info, uow: UnitOfWork, input: Annotated[QueueStopInput, Everything]) -> Payload:
    """Keep a robot's mail from leaving."""
    return await _in_own_robot(info, uow, input.robot_id, draining.stop_queue)


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def queue_start(info: Info, uow: UnitOfWork, input: Annotated[QueueStartInput, Everything]) -> Payload:
    """Let it leave again."""
    return await _in_own_robot(info, uow, input.robot_id, draining.start_queue)


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def domain_pace_reset(
    info: Info, uow: UnitOfWork, input: Annotated[DomainPaceResetInput, Everything]
) -> Payload:
    """Treat a domain as any other again."""
    robot = _own_robot(info, input.robot_id)
    await draining.reset_pace(uow, info.context.actor, robot, given(input.domain))
    return Payload(robot=robot)


async def _in_own_robot(
    info: Info, uow: UnitOfWork, text: str, act: Callable[[UnitOfWork, Actor, Robot], Awaitable[object]]
) -> Payload:
    robot = _own_robot(info, text)
    await act(uow, info.context.actor, robot)
    return Payload(robot=robot)


def _own_robot(info: Info, text: str) -> Robot:
    actor = info.context.actor
    if key_of(info.context, text, "Robot") != actor.robot.id:
        raise NotFound(path=("robot_id",))
    return actor.robot
