"""The lines of the audit trail about one person and peers."""

from collections.abc import Collection

from sqlalchemy import func, or_, select

from storage.database import Reader
from storage.query import Query, any_of, param
from storage.tables.mail import audit

_OF_PERSON: Query[tuple[int, str, str, int]] = Query(
    select(audit.c.id, audit.c.address, audit.c.detail, audit.c.happened_at)
    .where(
        audit.c.event == param("event"),
        or_(
            audit.c.person_id == param("person_id"),
            audit.c.person_id.is_(None) & any_of(audit.c.address, "addresses"),
        ),
    )
    .order_by(audit.c.id.desc())
    .limit(param("limit")),
    lambda *row: row,
)
_BY_PEER: Query[tuple[str, int]] = Query(
    select(audit.c.actor, func.count())
    .where(audit.c.event == param("event"), audit.c.happened_at >= param("since"))
    .group_by(audit.c.actor),
    lambda peer, count: (peer, count),
)


async def by_peer(reader: Reader, event: str, since: int) -> dict[str, int]:
    """How often each peer, by its name, was told something since an instant."""
    return dict(await reader.all(_BY_PEER, event=event, since=since))


async def of_person(
    reader: Reader, event: str, person_id: int, addresses: Collection[str], limit: int
) -> list[tuple[int, str, str, int]]:
    """Number, address, detail and instant of a person's lines of one kind, newest first; also those about their addresses."""
    return await reader.all(_OF_PERSON, event=event, person_id=person_id, addresses=[*addresses], limit=limit)
