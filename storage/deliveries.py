"""Deliveries: made, found, counted, and set to another state."""

from dataclasses import dataclass

from sqlalchemy import case, func, insert, select, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, param, query_for
from storage.tables.mail import Delivery, deliveries, outgoing_messages, recipients
from storage.tables.words import DeliveryKind, DeliveryStatus, Personalization, RecipientState

OPEN = (DeliveryStatus.QUEUED.value, DeliveryStatus.RUNNING.value)

_CREATE = Query(
    insert(deliveries)
    .values(
        robot_id=param("robot_id"),
        list_id=param("list_id"),
        message_id=param("message_id"),
        kind=param("kind"),
        internet_message_id=param("internet_message_id"),
        subject=param("subject"),
        reverse_path=param("reverse_path"),
        personalization=param("personalization"),
        priority=param("priority"),
        total=param("total"),
        created_at=param("now"),
        give_up_at=param("give_up_at"),
        proofs=param("proofs"),
    )
    .returning(deliveries.c.id),
    int,
)
_FIND = query_for(Delivery, deliveries, where=lambda s: s.where(deliveries.c.id == param("id")))
_SLOTS = Query(
    select(outgoing_messages.c.slots).where(outgoing_messages.c.delivery_id == param("delivery_id")), str
)
_KEEP_OUTGOING = Query(
    insert(outgoing_messages).values(
        delivery_id=param("id"),
        raw=param("raw"),
        authentication_results=param("authentication_results"),
        slots=param("slots"),
    ),
    int,
)
_AUTHENTICATION_RESULTS = Query(
    select(outgoing_messages.c.authentication_results).where(outgoing_messages.c.delivery_id == param("id")),
    str,
)
_OUTGOING = Query(
    select(outgoing_messages.c.raw).where(outgoing_messages.c.delivery_id == param("id")), bytes
)
_SET_STATUS = Query(
    update(deliveries)
    .where(deliveries.c.id == param("id"), any_of(deliveries.c.status, "allowed"))
    .values(status=param("status"), finished_at=param("finished_at")),
    int,
)
# Whatever it gained by waiting, it gains anew at its new place.
_SET_PRIORITY = Query(
    update(deliveries)
    .where(deliveries.c.id == param("id"))
    .values(priority=param("priority"), queued_at=param("now")),
    int,
)
_QUEUE_ANEW = Query(
    update(deliveries).where(deliveries.c.id == param("id")).values(queued_at=param("now")), int
)
_OF_LIST = query_for(
    Delivery,
    deliveries,
    where=lambda s: (
        s.where(
            deliveries.c.list_id == param("list_id"),
            deliveries.c.kind == "post",
            deliveries.c.id < param("before"),
        )
        .order_by(deliveries.c.id.desc())
        .limit(param("limit"))
    ),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the recipients of a delivery stand; the five counts after `total` add up to it."""

    delivery_id: int
    total: int
    accepted: int
    deferred: int
    failed: int
    skipped: int
    bounced: int

    @property
    def pending(self) -> int:
        """Those not tried yet."""
        return self.total - self.accepted - self.deferred - self.failed - self.skipped


def _those(state: RecipientState) -> object:
    return func.coalesce(func.sum(case((recipients.c.state == state.value, 1), else_=0)), 0)


_PROGRESS = Query(
    select(
        deliveries.c.id,
        deliveries.c.total,
        deliveries.c.accepted,
        *(_those(state) for state in RecipientState),
    )
    .select_from(deliveries.outerjoin(recipients, recipients.c.delivery_id == deliveries.c.id))
    .where(any_of(deliveries.c.id, "ids"))
    .group_by(deliveries.c.id, deliveries.c.total, deliveries.c.accepted),
    Progress,
)


async def create(
    uow: UnitOfWork,
    *,
    robot_id: int,
    list_id: int | None,
    kind: DeliveryKind,
    internet_message_id: str,
    subject: str,
    outgoing: bytes,
    reverse_path: str,
    priority: int,
    message_id: int | None = None,
    personalization: str = Personalization.NEVER.value,
    total: int = 0,
    authentication_results: str = "",
    proofs: str = "",
    slots: str = "",
) -> int:
    """A delivery without packets yet; its id.

    `outgoing` is the whole message as it will be sent, `total` how many recipients it will have where that is known.
    `authentication_results` is what is sealed about a message that came by mail (RFC 8617), `proofs` are the words by
    which the list's policy asks whether to sign it. `slots` says where each recipient's own text goes into `outgoing`.
    """
    delivery_id = await one(
        uow,
        _CREATE,
        robot_id=robot_id,
        list_id=list_id,
        message_id=message_id,
        kind=kind.value,
        internet_message_id=internet_message_id,
        subject=subject,
        reverse_path=reverse_path,
        personalization=personalization,
        priority=priority,
        total=total,
        now=uow.now,
        give_up_at=uow.now + uow.site.give_up_after,
        proofs=proofs,
    )
    await uow.run(
        _KEEP_OUTGOING,
        id=delivery_id,
        raw=outgoing,
        authentication_results=authentication_results,
        slots=slots,
    )
    return delivery_id


async def find(reader: Reader, delivery_id: int) -> Delivery | None:
    """One delivery."""
    return await reader.first(_FIND, id=delivery_id)


async def outgoing(reader: Reader, delivery_id: int) -> bytes | None:
    """The message as it goes over the wire."""
    return await reader.first(_OUTGOING, id=delivery_id)


async def slots(reader: Reader, delivery_id: int) -> str:
    """Where each recipient's own text goes into the message, as JSON; "" where all get the same."""
    return await reader.first(_SLOTS, delivery_id=delivery_id) or ""


async def authentication_results(reader: Reader, delivery_id: int) -> str:
    """What is to be sealed about a message that came by mail; "" where nothing is."""
    return await reader.first(_AUTHENTICATION_RESULTS, id=delivery_id) or ""


async def of_list(reader: Reader, list_id: int, *, before: int, limit: int) -> list[Delivery]:
    """A list's posts on their way, newest first, with ids below `before`."""
    return await reader.all(_OF_LIST, list_id=list_id, before=before, limit=limit)


async def progress(reader: Reader, ids: list[int]) -> list[Progress]:
    """The counts of several deliveries."""
    return await reader.all(_PROGRESS, ids=ids)


async def set_status(
    uow: UnitOfWork, delivery_id: int, status: DeliveryStatus, *, allowed: tuple[str, ...]
) -> bool:
    """Move a delivery to a status if it has one of `allowed` now; whether it did."""
    ended = status in (DeliveryStatus.COMPLETED, DeliveryStatus.CANCELLED, DeliveryStatus.FAILED)
    finished_at = uow.now if ended else None
    moved = await uow.run(
        _SET_STATUS, id=delivery_id, status=status.value, finished_at=finished_at, allowed=list(allowed)
    )
    return moved == 1


async def set_priority(uow: UnitOfWork, delivery_id: int, priority: int) -> None:
    """Move a delivery in the queue; obeyed from the next packet on."""
    await uow.run(_SET_PRIORITY, id=delivery_id, priority=priority, now=uow.now)
    uow.announce("deliver")


async def queue_anew(uow: UnitOfWork, delivery_id: int) -> None:
    """It waits from now on, as after a pause."""
    await uow.run(_QUEUE_ANEW, id=delivery_id, now=uow.now)
    uow.announce("deliver")
