"""The beginnings of messages, several at once: as much of each as anybody reads on a page."""

from sqlalchemy import func, select

from storage.database import Reader
from storage.query import Query, any_of, param
from storage.tables.mail import messages

_OPENINGS: Query[tuple[int, bytes]] = Query(
    select(messages.c.id, func.substr(messages.c.raw, 1, param("size"))).where(
        any_of(messages.c.id, "message_ids")
    ),
    lambda key, raw: (key, bytes(raw)),
)


async def openings(reader: Reader, message_ids: list[int], size: int) -> dict[int, bytes]:
    """The first `size` octets of each message, by its row id."""
    return dict(await reader.all(_OPENINGS, message_ids=message_ids, size=size))
