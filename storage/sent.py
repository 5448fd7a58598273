"""What was sent, found by what others know of it: its Message-ID, and whom a copy went to."""

from sqlalchemy import Text, exists, func, literal, or_, select
from sqlalchemy import cast as as_type

from storage.database import Reader
from storage.query import Query, param, query_for
from storage.tables.mail import Delivery, deliveries, packets

_MOST = 50

_OF_MESSAGE = query_for(
    Delivery,
    deliveries,
    where=lambda s: (
        s.where(
            deliveries.c.internet_message_id == param("message_id"),
            deliveries.c.robot_id == param("robot_id"),
        )
        .order_by(deliveries.c.id.desc())
        .limit(_MOST)
    ),
)
# Every lease of a packet moves its fence: one that has none was never handed to a mail server.
_WAS_TRIED = (packets.c.delivery_id == param("delivery_id"), packets.c.fence > 0)
_ids = literal(",") + func.replace(func.substr(packets.c.member_ids, 2), "]", ",")
_TO_MEMBER = Query(
    select(
        exists().where(
            *_WAS_TRIED,
            or_(packets.c.domain == param("domain"), packets.c.domain == ""),
            func.replace(_ids, " ", "").like(
                literal("%,") + as_type(param("membership_id"), Text) + literal(",%")
            ),
        )
    ),
    bool,
)
_TO_ADDRESS = Query(select(exists().where(*_WAS_TRIED, packets.c.address == param("address"))), bool)


async def of_message(reader: Reader, robot_id: int, message_id: str) -> list[Delivery]:
    """A robot's deliveries under this Message-ID, newest first: a post to two lists is two."""
    return await reader.all(_OF_MESSAGE, robot_id=robot_id, message_id=message_id)


async def to_member(reader: Reader, delivery_id: int, membership_id: int, domain: str) -> bool:
    """Whether a member's copy of a delivery was handed to a mail server, or at least begun to be.

    `domain` is the member's. Packets are kept for `deliveries_kept_days`; after that nobody knows.
    """
    return (
        await reader.first(
            _TO_MEMBER, delivery_id=delivery_id, membership_id=str(membership_id), domain=domain
        )
        is True
    )


async def to_address(reader: Reader, delivery_id: int, address: str) -> bool:
    """Whether a delivery with one recipient, such as a probe, was for this address and is on its way."""
    return await reader.first(_TO_ADDRESS, delivery_id=delivery_id, address=address) is True
