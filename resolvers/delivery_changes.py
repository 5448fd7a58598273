"""Stopping, resuming and moving deliveries."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from delivery import control, oversight
from identity.actor import Actor
from resolvers.context import Info
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.payloads import Payload, refusable, scoped
from schema.inputs.common import Everything
from schema.inputs.mail import (
    DeliveryCancelInput,
    DeliveryPauseInput,
    DeliveryResumeInput,
    DeliverySetPriorityInput,
)
from storage import deliveries
from storage.database import UnitOfWork
from storage.tables.mail import Delivery
from storage.tables.words import TokenScope

Act = Callable[[UnitOfWork, Actor, Delivery], Awaitable[None]]


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def delivery_pause(
    info: Info, uow: UnitOfWork, input: Annotated[DeliveryPauseInput, Everything]
) -> Payload:
    """Stop at the next packet."""
    return await _controlled(info, uow, input.delivery_id, control.pause)


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def delivery_resume(
    info: Info, uow: UnitOfWork, input: Annotated[DeliveryResumeInput, Everything]
) -> Payload:
    """Go on where it stopped."""
    return await _controlled(info, uow, input.delivery_id, control.resume)


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def delivery_cancel(
    info: Info, uow: UnitOfWork, input: Annotated[DeliveryCancelInput, Everything]
) -> Payload:
    """Stop for good."""
    return await _controlled(info, uow, input.delivery_id, control.cancel)


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def delivery_set_priority(
    info: Info, uow: UnitOfWork, input: Annotated[DeliverySetPriorityInput, Everything]
) -> Payload:
    """Move a delivery in the queue."""

    async def moved(uow: UnitOfWork, actor: Actor, delivery: Delivery) -> None:
        await control.set_priority(uow, actor, delivery, input.priority.value.value)

    return await _controlled(info, uow, input.delivery_id, moved)


async def _controlled(info: Info, uow: UnitOfWork, text: str, act: Act) -> Payload:
    actor = info.context.actor
    found = await oversight.for_control(uow, actor, key_of(info.context, text, "Delivery"))
    await act(uow, actor, found)
    return Payload(delivery=await deliveries.find(uow, found.id))
