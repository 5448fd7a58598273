"""The trail of who did what, committed with the change that it describes (rows 11, 79)."""

from typing import Any

import orjson
from sqlalchemy import insert

from storage.database import UnitOfWork
from storage.query import Query, param
from storage.tables.mail import audit

_RECORD = Query(
    insert(audit).values(
        robot_id=param("robot_id"),
        list_id=param("list_id"),
        person_id=param("person_id"),
        actor=param("actor"),
        via=param("via"),
        event=param("event"),
        address=param("address"),
        detail=param("detail"),
        happened_at=param("now"),
    ),
    int,
)


async def record(
    uow: UnitOfWork,
    event: str,
    *,
    actor: str,
    via: str,
    robot_id: int | None = None,
    list_id: int | None = None,
    person_id: int | None = None,
    address: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Write one line: `event` is a word such as `subscribed`; `actor` an address; `via` web, mail, cli, import, token."""
    await uow.run(
        _RECORD,
        robot_id=robot_id,
        list_id=list_id,
        person_id=person_id,
        actor=actor,
        via=via,
        event=event,
        address=address,
        detail=orjson.dumps(detail or {}).decode(),
        now=uow.now,
    )
