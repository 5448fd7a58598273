"""A delivery stopped, resumed, moved in the queue, and accounted for."""

from dataclasses import dataclass

from identity.actor import Actor
from identity.refusal import Conflict, Invalid
from storage import audit, deliveries, delivery_accounts, queue
from storage.database import Reader, UnitOfWork
from storage.deliveries import OPEN, Progress
from storage.tables.mail import Delivery
from storage.tables.words import DeliveryStatus


class NotInThatState(Conflict):
    """The delivery is not in a state in which this can be done."""


async def pause(uow: UnitOfWork, actor: Actor, delivery: Delivery) -> None:
    """Stop at the next packet; survives restarts (row 31)."""
    await _move(uow, actor, delivery, DeliveryStatus.PAUSED, allowed=OPEN)


async def resume(uow: UnitOfWork, actor: Actor, delivery: Delivery) -> None:
    """Go on where it stopped; nobody gets it twice."""
    await _move(uow, actor, delivery, DeliveryStatus.QUEUED, allowed=(DeliveryStatus.PAUSED.value,))
    await deliveries.queue_anew(uow, delivery.id)


async def cancel(uow: UnitOfWork, actor: Actor, delivery: Delivery) -> None:
    """Stop for good; those who have it keep it."""
    await _move(uow, actor, delivery, DeliveryStatus.CANCELLED, allowed=(*OPEN, DeliveryStatus.PAUSED.value))


async def _move(
    uow: UnitOfWork, actor: Actor, delivery: Delivery, status: DeliveryStatus, *, allowed: tuple[str, ...]
) -> None:
    if not await deliveries.set_status(uow, delivery.id, status, allowed=allowed):
        raise NotInThatState
    await audit.record(
        uow,
        f"delivery_{status.value}",
        actor=actor.sender,
        via=actor.via,
        robot_id=delivery.robot_id,
        list_id=delivery.list_id,
        detail={"delivery": delivery.id},
    )


async def set_priority(uow: UnitOfWork, actor: Actor, delivery: Delivery, priority: int) -> None:
    """0 (first) to 9, or 10 for `z`, which waits until raised; obeyed from the next packet on."""
    if not 0 <= priority <= queue.NEVER:
        raise Invalid("A priority is 0 to 9, or z.", path=("priority",))
    await deliveries.set_priority(uow, delivery.id, priority)
    await audit.record(
        uow,
        "delivery_priority",
        actor=actor.sender,
        via=actor.via,
        robot_id=delivery.robot_id,
        list_id=delivery.list_id,
        detail={"delivery": delivery.id, "priority": priority},
    )


@dataclass(frozen=True, slots=True)
class Account:
    """The proof that nobody was skipped: what became of everybody who was a member at expansion.

    While a big list `is_expanding`, it is about those who were found so far.
    """

    progress: Progress
    waiting: int
    is_expanding: bool

    @property
    def adds_up(self) -> bool:
        """Accepted, failed and skipped, with those who still wait in packets, are all there were."""
        told = self.progress.accepted + self.progress.failed + self.progress.skipped
        return told + self.waiting == self.progress.total


async def account(reader: Reader, delivery_id: int) -> Account | None:
    """The account of a delivery at this instant, counted from its packets and its recipients."""
    found = await delivery_accounts.counted(reader, delivery_id)
    if found is None:
        return None
    return Account(found.progress, found.waiting + found.in_hand, found.is_expanding)
