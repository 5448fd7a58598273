"""Numbers about the whole service, for those who watch it: what waits, what was done, which tables these are."""

from dataclasses import dataclass

from sqlalchemy import column, func, select, table

from storage.database import Reader
from storage.query import Query, param, query_for
from storage.tables.mail import Delivery, audit, deliveries, moderation
from storage.tables.words import ModerationState


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are of one kind."""

    word: str
    number: int


_DELIVERIES = Query(select(deliveries.c.status, func.count()).group_by(deliveries.c.status), Count)
_WAITING = Query(
    select(func.count()).select_from(moderation).where(moderation.c.state == ModerationState.WAITING.value),
    int,
)
_LAST_EVENT = Query(select(func.coalesce(func.max(audit.c.id), 0)), int)
_EVENTS = Query(
    select(audit.c.event, func.count())
    .where(audit.c.id > param("after"), audit.c.id <= param("until"))
    .group_by(audit.c.event),
    Count,
)
_NEWEST = query_for(
    Delivery, deliveries, where=lambda s: s.order_by(deliveries.c.id.desc()).limit(param("row_limit"))
)
_REVISION = Query(select(column("version_num")).select_from(table("alembic_version")), str)


async def deliveries_by_status(reader: Reader) -> list[Count]:
    """How many deliveries are in each status."""
    return await reader.all(_DELIVERIES)


async def waiting_for_moderation(reader: Reader) -> int:
    """How many items wait for somebody's decision."""
    return await reader.first(_WAITING) or 0


async def last_event(reader: Reader) -> int:
    """The number of the newest line of the audit trail; 0 when there is none."""
    return await reader.first(_LAST_EVENT) or 0


async def events_between(reader: Reader, after: int, until: int) -> list[Count]:
    """How often each event is on the lines of the audit trail numbered above `after`, up to `until`."""
    return await reader.all(_EVENTS, after=after, until=until)


async def newest_deliveries(reader: Reader, limit: int) -> list[Delivery]:
    """Posts and service mail of all robots, newest first."""
    return await reader.all(_NEWEST, row_limit=limit)


async def schema_revision(reader: Reader) -> str | None:
    """The revision of the tables; asking proves that the database answers."""
    return await reader.first(_REVISION)
