"""One reading of a provider at a time, whichever host it is on: taken under a fence, kept, ended."""

from sqlalchemy import or_, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.syncing import SyncRun, sync_runs

_ROW = columns_for(SyncRun, sync_runs)
_HELD = (sync_runs.c.source_ref == param("source_ref"), sync_runs.c.fence == param("fence"))
_FIND = query_for(SyncRun, sync_runs, where=lambda s: s.where(any_of(sync_runs.c.source_ref, "source_refs")))
_TAKE = Query(
    lambda insert: (
        insert(sync_runs)
        .values(
            source_ref=param("source_ref"),
            robot_id=param("robot_id"),
            fence=1,
            worker=param("worker"),
            leased_until=param("leased_until"),
            started_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["source_ref"],
            set_={
                "robot_id": param("robot_id"),
                "fence": sync_runs.c.fence + 1,
                "worker": param("worker"),
                "leased_until": param("leased_until"),
                "started_at": param("now"),
            },
            where=or_(sync_runs.c.leased_until.is_(None), sync_runs.c.leased_until <= param("now")),
        )
        .returning(*_ROW)
    ),
    SyncRun,
)
_KEEP = Query(update(sync_runs).where(*_HELD).values(leased_until=param("leased_until")), int)
_END = Query(
    update(sync_runs)
    .where(*_HELD)
    .values(
        leased_until=None,
        finished_at=param("now"),
        outcome=param("outcome"),
        seen=param("seen"),
        believed=param("believed"),
        detail=param("detail"),
    ),
    int,
)


async def find_many(reader: Reader, source_refs: list[str]) -> list[SyncRun]:
    """What is known of these sources' readings."""
    return await reader.all(_FIND, source_refs=source_refs)


async def take(
    uow: UnitOfWork, source_ref: str, robot_id: int | None, *, worker: str, leased_until: int
) -> SyncRun | None:
    """Begin a reading that nobody else may begin before `leased_until`; None while somebody is at it."""
    return await uow.first(
        _TAKE,
        source_ref=source_ref,
        robot_id=robot_id,
        worker=worker,
        leased_until=leased_until,
        now=uow.now,
    )


async def keep(uow: UnitOfWork, run: SyncRun, leased_until: int) -> bool:
    """Go on until then; False when somebody else has taken over."""
    return await uow.run(_KEEP, source_ref=run.source_ref, fence=run.fence, leased_until=leased_until) == 1


async def end(
    uow: UnitOfWork, run: SyncRun, *, outcome: str, seen: int, believed: int | None, detail: str
) -> bool:
    """It is over; False when somebody else has taken over."""
    changed = await uow.run(
        _END,
        source_ref=run.source_ref,
        fence=run.fence,
        outcome=outcome,
        seen=seen,
        believed=believed,
        detail=detail,
        now=uow.now,
    )
    return changed == 1
