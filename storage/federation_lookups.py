"""How often peers asked about each name, as rows; what they were told is not here."""

from collections.abc import Collection

from sqlalchemy import case, delete, func, select, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, param
from storage.tables.federation_consents import federation_lookups as rows

_COUNT = Query(
    lambda insert: (
        insert(rows)
        .values(
            peer_id=param("peer_id"),
            subject=param("subject"),
            first_day=param("day"),
            day=param("day"),
            count=1,
        )
        .on_conflict_do_update(
            index_elements=["peer_id", "subject"],
            set_={
                "count": case((rows.c.day == param("day"), rows.c.count + 1), else_=1),
                "day": param("day"),
            },
        )
    ),
    int,
)
_OVER = Query(
    select(rows.c.subject).where(
        rows.c.peer_id == param("peer_id"),
        any_of(rows.c.subject, "subjects"),
        rows.c.day == param("day"),
        rows.c.count > param("most"),
    ),
    str,
)
_NEW = Query(
    select(func.count())
    .select_from(rows)
    .where(rows.c.peer_id == param("peer_id"), rows.c.first_day == param("day")),
    int,
)
_ASKED = Query(
    select(func.count())
    .select_from(rows)
    .where(
        rows.c.peer_id == param("peer_id"),
        rows.c.first_day >= param("first_day"),
        rows.c.day >= param("day"),
    ),
    int,
)
_NEW_BY_DAY: Query[tuple[int, int]] = Query(
    select(rows.c.first_day, func.count())
    .where(rows.c.peer_id == param("peer_id"), rows.c.first_day >= param("since"))
    .group_by(rows.c.first_day),
    lambda day, count: (day, count),
)
_BACKDATE = Query(
    update(rows)
    .where(rows.c.peer_id == param("peer_id"), rows.c.first_day == param("day"))
    .values(first_day=param("before")),
    int,
)
_DROP_OLD = Query(delete(rows).where(rows.c.day < param("before")), int)


async def count(uow: UnitOfWork, peer_id: int, subjects: Collection[str], day: int) -> None:
    """Count one question about each of these on a day (days since the epoch)."""
    # In one order, so that two transactions never wait for each other.
    named = [{"peer_id": peer_id, "subject": each, "day": day} for each in sorted(subjects)]
    if named:
        await uow.run_each(_COUNT, named)


async def over(reader: Reader, peer_id: int, subjects: Collection[str], day: int, most: int) -> set[str]:
    """Those that were asked about more often than that on a day."""
    found = await reader.all(_OVER, peer_id=peer_id, subjects=[*subjects], day=day, most=most)
    return {*found}


async def new_on(reader: Reader, peer_id: int, day: int) -> int:
    """How many a peer asked about for the first time on a day."""
    return await reader.first(_NEW, peer_id=peer_id, day=day) or 0


async def asked(reader: Reader, peer_id: int, *, first_day: int, day: int) -> int:
    """About how many a peer asked on a day or since, whom it did not know before another day."""
    return await reader.first(_ASKED, peer_id=peer_id, first_day=first_day, day=day) or 0


async def new_by_day(reader: Reader, peer_id: int, since: int) -> dict[int, int]:
    """How many a peer asked about for the first time, by day, from a day on."""
    return dict(await reader.all(_NEW_BY_DAY, peer_id=peer_id, since=since))


async def backdate(uow: UnitOfWork, peer_id: int, day: int) -> None:
    """Let what a peer asked about for the first time on a day be of the day before."""
    await uow.run(_BACKDATE, peer_id=peer_id, day=day, before=day - 1)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Forget what was last asked about before a day; how many."""
    return await uow.run(_DROP_OLD, before=before)
