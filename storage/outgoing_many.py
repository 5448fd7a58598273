"""One text of the server's own for many members of a list: a single delivery in packets, in the caller's transaction."""

import orjson
from sqlalchemy import insert

from storage import deliveries
from storage.database import UnitOfWork
from storage.query import Query, param
from storage.tables.mail import packets
from storage.tables.words import DeliveryKind

# After posts of ordinary lists: nobody waits in front of a screen for these.
BULK_PRIORITY = 6

_PACKET = Query(
    insert(packets).values(
        delivery_id=param("delivery_id"),
        seq=param("place"),
        member_ids=param("member_ids"),
        recipient_count=param("recipients"),
        due_at=param("now"),
    ),
    int,
)


async def enqueue_for_members(
    uow: UnitOfWork,
    *,
    robot_id: int,
    list_id: int,
    member_ids: list[int],
    outgoing: bytes,
    reverse_path: str,
    subject: str,
    message_id: str,
) -> int:
    """Queue the same `outgoing` (whole message, CRLF) for all these memberships; the new delivery's id."""
    delivery_id = await deliveries.create(
        uow,
        robot_id=robot_id,
        list_id=list_id,
        kind=DeliveryKind.SERVICE,
        internet_message_id=message_id,
        subject=subject,
        outgoing=outgoing,
        reverse_path=reverse_path,
        priority=BULK_PRIORITY,
        total=len(member_ids),
    )
    size = uow.site.packet_size
    rows = []
    for place, start in enumerate(range(0, len(member_ids), size)):
        group = member_ids[start : start + size]
        rows.append(
            {
                "delivery_id": delivery_id,
                "place": place,
                "member_ids": orjson.dumps(group).decode(),
                "recipients": len(group),
                "now": uow.now,
            }
        )
    await uow.run_many(_PACKET, rows)
    uow.announce("deliver")
    return delivery_id
