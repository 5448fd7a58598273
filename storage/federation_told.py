"""The lines of the audit trail about one person and peers."""

from collections.abc import Collection

from sqlalchemy import or_, select

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


async def of_person(
    reader: Reader, event: str, person_id: int, addresses: Collection[str], limit: int
) -> list[tuple[int, str, str, int]]:
    """Number, address, detail and instant of a person's lines of one kind, newest first; also those about their addresses."""
    return await reader.all(_OF_PERSON, event=event, person_id=person_id, addresses=[*addresses], limit=limit)
