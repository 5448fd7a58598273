"""Failures that came back, kept for the member and the list that they are about: the latest of each."""

from sqlalchemy import delete, exists, insert, select

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, param, query_for
from storage.tables.mail import Bounce, bounces
from storage.tables.words import BounceKind

KEPT_FOR_EACH = 20

_RECORD = Query(
    insert(bounces).values(
        list_id=param("list_id"),
        delivery_id=param("delivery_id"),
        membership_id=param("membership_id"),
        address=param("address"),
        kind=param("kind"),
        enhanced_status=param("enhanced_status"),
        diagnostic=param("diagnostic"),
        received_at=param("now"),
    ),
    int,
)
_TRIM = Query(
    delete(bounces).where(
        bounces.c.membership_id == param("membership_id"),
        bounces.c.id
        <= select(bounces.c.id)
        .where(bounces.c.membership_id == param("membership_id"))
        .order_by(bounces.c.id.desc())
        .limit(1)
        .offset(param("kept"))
        .scalar_subquery(),
    ),
    int,
)
_HEARD = Query(
    select(
        exists().where(
            bounces.c.membership_id == param("membership_id"), bounces.c.delivery_id == param("delivery_id")
        )
    ),
    bool,
)
_LATEST = query_for(
    Bounce,
    bounces,
    where=lambda s: (
        s.where(any_of(bounces.c.membership_id, "ids")).order_by(bounces.c.id.desc()).limit(param("limit"))
    ),
)
_COMPLAINED = Query(
    select(bounces.c.address)
    .where(
        bounces.c.list_id == param("list_id"),
        bounces.c.kind == BounceKind.COMPLAINT.value,
        bounces.c.received_at > param("since"),
    )
    .order_by(bounces.c.id)
    .limit(param("limit")),
    str,
)
_DROP_OLD = Query(delete(bounces).where(bounces.c.received_at < param("before")), int)


async def record(
    uow: UnitOfWork,
    list_id: int,
    *,
    delivery_id: int | None,
    membership_id: int,
    address: str,
    kind: BounceKind,
    enhanced_status: str,
    diagnostic: str,
) -> None:
    """Keep a failure of one member's copy; older ones than the latest 20 of a member go."""
    await uow.run(
        _RECORD,
        list_id=list_id,
        delivery_id=delivery_id,
        membership_id=membership_id,
        address=address,
        kind=kind.value,
        enhanced_status=enhanced_status,
        diagnostic=diagnostic,
        now=uow.now,
    )
    await uow.run(_TRIM, membership_id=membership_id, kept=KEPT_FOR_EACH)


async def was_heard(reader: Reader, membership_id: int, delivery_id: int) -> bool:
    """Whether this member's copy of this delivery has come back before."""
    return await reader.first(_HEARD, membership_id=membership_id, delivery_id=delivery_id) is True


async def latest(reader: Reader, membership_ids: list[int]) -> dict[int, list[Bounce]]:
    """The failures kept of each of these memberships, newest first."""
    found: dict[int, list[Bounce]] = {}
    limit = KEPT_FOR_EACH * len(membership_ids)
    for each in await reader.all(_LATEST, ids=membership_ids, limit=limit):
        found.setdefault(each.membership_id or 0, []).append(each)
    return found


async def complained(reader: Reader, list_id: int, *, since: int, limit: int) -> list[str]:
    """The addresses that called a message of the list spam after an instant."""
    return await reader.all(_COMPLAINED, list_id=list_id, since=since, limit=limit)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Forget failures from before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)
