"""How much came to a list of late, and how much of it still waits (row 52 of the anchors)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, select

from storage.database import Reader, one
from storage.query import Query, param
from storage.queue import is_open
from storage.tables.mail import deliveries, messages, moderation
from storage.tables.words import DeliveryKind, MessageState, ModerationState


@dataclass(frozen=True, slots=True)
class Lately:
    """Posts of a list since some instant: distributed in all, those of one author, and all of theirs that say the same."""

    distributed: int
    by_author: int
    equal: int


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_is_out = messages.c.state == MessageState.DISTRIBUTED.value
_is_theirs = func.lower(messages.c.author) == param("author")
# Everything that is asked stands in the index, so that no message is read for it.
_LATELY = Query(
    select(
        _sum(_is_out),
        _sum(and_(_is_out, _is_theirs)),
        _sum(and_(_is_theirs, messages.c.content_hash == param("content_hash"))),
    ).where(messages.c.list_id == param("list_id"), messages.c.received_at > param("since")),
    Lately,
)
_HELD = Query(
    select(func.count())
    .select_from(moderation)
    .where(moderation.c.list_id == param("list_id"), moderation.c.state == ModerationState.WAITING.value),
    int,
)
_OPEN = Query(
    select(func.count())
    .select_from(deliveries)
    .where(deliveries.c.list_id == param("list_id"), deliveries.c.kind == DeliveryKind.POST.value, is_open),
    int,
)


async def lately(reader: Reader, list_id: int, *, author: str, content_hash: str, since: int) -> Lately:
    """What came to a list since an instant; `author` is an address."""
    return await one(
        reader, _LATELY, list_id=list_id, author=author.lower(), content_hash=content_hash, since=since
    )


async def backlog(reader: Reader, list_id: int) -> int:
    """How many messages of a list wait: for a decision, or to be sent."""
    return await one(reader, _HELD, list_id=list_id) + await one(reader, _OPEN, list_id=list_id)
