"""Failures that came back, kept for the member and the list that they are about."""

from sqlalchemy import BigInteger, Text, cast, insert, select, update

from storage.database import UnitOfWork
from storage.query import Query, param
from storage.tables.lists import memberships
from storage.tables.mail import bounces, deliveries
from storage.tables.words import BounceKind

_RECORD = Query(
    insert(bounces).from_select(
        [
            "list_id",
            "delivery_id",
            "membership_id",
            "address",
            "kind",
            "enhanced_status",
            "diagnostic",
            "received_at",
        ],
        select(
            deliveries.c.list_id,
            deliveries.c.id,
            cast(param("membership_id"), BigInteger),
            cast(param("address"), Text),
            cast(param("kind"), Text),
            cast(param("enhanced_status"), Text),
            cast(param("diagnostic"), Text),
            cast(param("now"), BigInteger),
        ).where(deliveries.c.id == param("delivery_id"), deliveries.c.list_id.is_not(None)),
    ),
    int,
)
_MARK = Query(
    update(memberships).where(memberships.c.id == param("membership_id")).values(is_bouncing=True), int
)


async def record(
    uow: UnitOfWork,
    delivery_id: int,
    *,
    membership_id: int | None,
    address: str,
    kind: BounceKind,
    enhanced_status: str,
    diagnostic: str,
) -> None:
    """Keep a failure of one of a list's deliveries; a hard one marks the membership as bouncing."""
    await uow.run(
        _RECORD,
        delivery_id=delivery_id,
        membership_id=membership_id,
        address=address,
        kind=kind.value,
        enhanced_status=enhanced_status,
        diagnostic=diagnostic,
        now=uow.now,
    )
    if membership_id is not None and kind is BounceKind.HARD:
        await uow.run(_MARK, membership_id=membership_id)


_RECORD_FOR_LIST = Query(
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
_KNOWN: Query[int] = Query(
    select(deliveries.c.id).where(deliveries.c.id == param("id"), deliveries.c.list_id == param("list_id")),
    int,
)


async def record_for_list(
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
    """Keep a failure that a report named; a delivery of another list, or one long gone, is left out."""
    known: int | None = await uow.first(_KNOWN, id=delivery_id or 0, list_id=list_id)
    await uow.run(
        _RECORD_FOR_LIST,
        list_id=list_id,
        delivery_id=known,
        membership_id=membership_id,
        address=address,
        kind=kind.value,
        enhanced_status=enhanced_status,
        diagnostic=diagnostic,
        now=uow.now,
    )
    if kind is BounceKind.HARD:
        await uow.run(_MARK, membership_id=membership_id)
