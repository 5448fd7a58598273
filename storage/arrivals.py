"""Who comes with a session, in one statement: the session, its person, and their addresses that count here now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import and_, case, or_, select

from storage.database import Reader
from storage.query import Query, any_of, columns_for, param, row_loader
from storage.tables.access import Session, sessions
from storage.tables.people import LedgerRow, Person, addresses, people


@dataclass(frozen=True, slots=True)
class Arrival:
    """A live session with its person and the ledger rows that count, the main address's first; none is an empty tuple."""

    session: Session
    person: Person
    rows: tuple[LedgerRow, ...]


_PARTS: tuple[tuple[type, Any], ...] = ((Session, sessions), (Person, people), (LedgerRow, addresses))
_COUNTS = and_(
    addresses.c.person_id == people.c.id,
    addresses.c.proved_at.is_not(None),
    or_(addresses.c.expires_at.is_(None), addresses.c.expires_at > param("now")),
    or_(addresses.c.robot_id.is_(None), addresses.c.robot_id == param("robot_id")),
)


def _parts_loader() -> Callable[..., tuple[Session, Person, LedgerRow | None]]:
    loaders, ends = [], [0]
    for record, _ in _PARTS:
        loaders.append(row_loader(record))
        ends.append(ends[-1] + len(fields(record)))

    def load(*row: Any) -> tuple[Session, Person, LedgerRow | None]:
        session, person = (loaders[n](row[ends[n] : ends[n + 1]]) for n in (0, 1))
        last: Sequence[Any] = row[ends[2] :]
        return session, person, None if last[0] is None else loaders[2](last)

    return load


# The columns of the three stand beside each other under labels, since all have an id.
_COLUMNS = [
    column.label(f"{table.name}_{column.name}")
    for record, table in _PARTS
    for column in columns_for(record, table)
]
_BY_TOKEN = Query(
    select(*_COLUMNS)
    .select_from(sessions.join(people, people.c.id == sessions.c.person_id).outerjoin(addresses, _COUNTS))
    .where(
        sessions.c.token_hash == param("token_hash"),
        any_of(sessions.c.robot_id, "robot_ids"),
        sessions.c.application_id.is_(None),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > param("now"),
    )
    .order_by(case((addresses.c.address_key == people.c.main_key, 0), else_=1), addresses.c.id),
    _parts_loader(),
)


async def by_token(
    reader: Reader, token_hash: bytes, robot_id: int, robot_ids: Sequence[int]
) -> Arrival | None:
    """Whoever the token lets into `robot_id`, by a session of one of `robot_ids`; no session that an application opened."""
    found = await reader.all(
        _BY_TOKEN, token_hash=token_hash, robot_id=robot_id, robot_ids=[*robot_ids], now=reader.now
    )
    if not found:
        return None
    session, person, _ = found[0]
    return Arrival(session, person, tuple(row for _, _, row in found if row is not None))
