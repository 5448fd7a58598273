"""What the server's own books say of the drill's posts; and retries that come sooner than in life."""

from dataclasses import dataclass

from sqlalchemy import func, select, update

from delivery.control import account
from storage.database import Database
from storage.query import Query, param
from storage.tables.mail import deliveries, packets
from storage.tables.words import DeliveryKind, DeliveryStatus, PacketState

_POSTS = Query(
    select(deliveries.c.id, deliveries.c.internet_message_id, deliveries.c.status)
    .where(deliveries.c.kind == DeliveryKind.POST.value)
    .order_by(deliveries.c.id),
    lambda key, message_id, status: (key, message_id, status),
)
_WAITING = Query(
    select(func.coalesce(func.sum(packets.c.recipient_count - packets.c.position), 0)).where(
        packets.c.state != PacketState.DONE.value
    ),
    int,
)
_HURRY = Query(
    update(packets)
    .where(packets.c.state == PacketState.NEW.value, packets.c.due_at > param("now"))
    .values(due_at=param("now")),
    int,
)


@dataclass(frozen=True, slots=True)
class Books:
    """The sum of all accounts: `wrong` are sentences on deliveries that do not add up or are not what was posted."""

    deliveries: int
    accepted: int
    wrong: list[str]


async def waiting(database: Database) -> int:
    """How many recipients wait in packets."""
    async with database.read() as reader:
        return await reader.first(_WAITING) or 0


async def is_all_done(database: Database, posts: int) -> bool:
    """Whether each post has its delivery, and all are completed."""
    async with database.read() as reader:
        found = await reader.all(_POSTS)
    return len(found) >= posts and all(status == DeliveryStatus.COMPLETED for _, _, status in found)


async def hurry(database: Database) -> None:
    """Who was put off for a quarter of a minute or an hour is due now."""
    async with database.write(durable=False) as uow:
        await uow.run(_HURRY, now=uow.now)


async def audit(database: Database, posted: dict[str, int]) -> Books:
    """The account of each delivery against `posted`: so many members for each Message-ID."""
    wrong: list[str] = []
    accepted = 0
    seen: set[str] = set()
    async with database.read() as reader:
        found = await reader.all(_POSTS)
        for key, message_id, status in found:
            told = await account(reader, key)
            if told is None or message_id not in posted or message_id in seen:
                wrong.append(f"delivery {key}: there is one too many of {message_id}")
                continue
            seen.add(message_id)
            accepted += told.progress.accepted
            if not told.adds_up or told.waiting or status != DeliveryStatus.COMPLETED:
                wrong.append(f"delivery {key} does not add up: {status}, {told}")
            elif told.progress.accepted != posted[message_id]:
                wrong.append(f"delivery {key} was for {posted[message_id]} members: {told}")
    wrong += [f"{message_id} has no delivery" for message_id in posted if message_id not in seen]
    return Books(len(found), accepted, wrong)
