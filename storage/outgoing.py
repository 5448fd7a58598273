"""Mail of the server's own for one address: a delivery with one packet, in the caller's transaction."""

from sqlalchemy import insert

from storage import deliveries
from storage.database import UnitOfWork
from storage.query import Query, param
from storage.tables.mail import packets
from storage.tables.words import DeliveryKind

# Somebody waits in front of a screen for these: before any list's packets.
SERVICE_PRIORITY = 0

_PACKET = Query(
    insert(packets).values(
        delivery_id=param("delivery_id"),
        seq=0,
        address=param("address"),
        recipient_count=1,
        due_at=param("now"),
    ),
    int,
)


async def enqueue(
    uow: UnitOfWork,
    *,
    robot_id: int,
    to: str,
    outgoing: bytes,
    reverse_path: str,
    subject: str,
    message_id: str,
    list_id: int | None = None,
) -> int:
    """Queue `outgoing` (whole message, CRLF) for the address `to`; the new delivery's id. It leaves after the commit."""
    delivery_id = await deliveries.create(
        uow,
        robot_id=robot_id,
        list_id=list_id,
        kind=DeliveryKind.SERVICE,
        internet_message_id=message_id,
        subject=subject,
        outgoing=outgoing,
        reverse_path=reverse_path,
        priority=SERVICE_PRIORITY,
        total=1,
    )
    await uow.run(_PACKET, delivery_id=delivery_id, address=to, now=uow.now)
    uow.announce("deliver")
    return delivery_id
