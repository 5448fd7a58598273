"""What people are told in their accounts, each thing once."""

from typing import Any

import orjson
from sqlalchemy import delete, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, param, query_for
from storage.tables.account_life import Alert, AlertKind, alerts

_ADD = Query(
    lambda insert: (
        insert(alerts)
        .values(
            person_id=param("person_id"),
            kind=param("kind"),
            address_key=param("address_key"),
            moment=param("moment"),
            detail=param("detail"),
            created_at=param("now"),
        )
        .on_conflict_do_nothing()
    ),
    int,
)
_OPEN = query_for(
    Alert,
    alerts,
    where=lambda s: (
        s.where(alerts.c.person_id == param("person_id"), alerts.c.dismissed_at.is_(None))
        .order_by(alerts.c.id.desc())
        .limit(100)
    ),
)
_DISMISS = Query(
    update(alerts)
    .where(
        alerts.c.id == param("id"), alerts.c.person_id == param("person_id"), alerts.c.dismissed_at.is_(None)
    )
    .values(dismissed_at=param("now")),
    int,
)
_SETTLE = Query(
    update(alerts)
    .where(
        alerts.c.person_id == param("person_id"),
        alerts.c.kind == param("kind"),
        alerts.c.address_key == param("address_key"),
        alerts.c.dismissed_at.is_(None),
    )
    .values(dismissed_at=param("now")),
    int,
)

_DROP_OLD = Query(delete(alerts).where(alerts.c.dismissed_at < param("before")), int)


async def add(
    uow: UnitOfWork,
    person_id: int,
    kind: AlertKind,
    *,
    address_key: str = "",
    moment: int = 0,
    detail: dict[str, Any] | None = None,
) -> bool:
    """Tell a person something; False where they were told before (same kind, address and moment), dismissed or not."""
    added = await uow.run(
        _ADD,
        person_id=person_id,
        kind=kind.value,
        address_key=address_key,
        moment=moment,
        detail=orjson.dumps(detail or {}).decode(),
        now=uow.now,
    )
    return added > 0


async def waiting(reader: Reader, person_id: int) -> list[Alert]:
    """What the person was told and has not dismissed, newest first, 100 at most."""
    return await reader.all(_OPEN, person_id=person_id)


async def dismiss(uow: UnitOfWork, person_id: int, alert_id: int) -> bool:
    """Put one away; False where it is none of theirs, or was put away before."""
    return await uow.run(_DISMISS, id=alert_id, person_id=person_id, now=uow.now) > 0


async def settle(uow: UnitOfWork, person_id: int, kind: AlertKind, address_key: str) -> int:
    """Put away what no longer holds, as when an address was confirmed; how many."""
    return await uow.run(_SETTLE, person_id=person_id, kind=kind.value, address_key=address_key, now=uow.now)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Remove what was put away before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)
