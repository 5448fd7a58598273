"""Which items wait at a list now, as numbers only: what a watcher of a queue compares."""

from sqlalchemy import select

from storage.database import Reader
from storage.query import Query, any_of, param
from storage.tables.mail import moderation
from storage.tables.words import ModerationKind, ModerationState

MOST = 10_000
_WAITING = Query(
    select(moderation.c.id)
    .where(
        moderation.c.list_id == param("list_id"),
        moderation.c.state == ModerationState.WAITING.value,
        any_of(moderation.c.kind, "kinds"),
    )
    .order_by(moderation.c.id.desc())
    .limit(MOST),
    int,
)


async def waiting_ids(reader: Reader, list_id: int, kinds: tuple[ModerationKind, ...]) -> list[int]:
    """The ids of the items of these kinds that wait, newest first and at most 10,000."""
    return await reader.all(_WAITING, list_id=list_id, kinds=[kind.value for kind in kinds])
