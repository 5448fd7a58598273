"""Processes that registered themselves, and what leases they hold (rows 24, 29)."""

from dataclasses import dataclass

from sqlalchemy import delete, func, select

from storage.database import Reader, UnitOfWork
from storage.query import Query, param, query_for
from storage.tables.mail import packets
from storage.tables.queue import NodeRow, nodes
from storage.tables.syncing import sync_runs
from storage.tables.words import PacketState

_EVERY = query_for(NodeRow, nodes, where=lambda s: s.order_by(nodes.c.host, nodes.c.role, nodes.c.name))
_SIGN = Query(
    lambda insert: (
        insert(nodes)
        .values(
            name=param("name"),
            role=param("role"),
            host=param("host"),
            pid=param("pid"),
            version=param("version"),
            detail=param("detail"),
            started_at=param("started_at"),
            seen_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["name"], set_={"detail": param("detail"), "seen_at": param("now")}
        )
    ),
    int,
)
_GO = Query(delete(nodes).where(nodes.c.name == param("name")), int)
_DROP = Query(delete(nodes).where(nodes.c.seen_at < param("before")), int)


@dataclass(frozen=True, slots=True)
class Lease:
    """Something that one process has for itself: `what` it is, of which there are `count`, the first until `until`."""

    what: str
    owner: str
    count: int
    until: int | None


_PACKETS = Query(
    select(packets.c.worker, func.count(), func.min(packets.c.leased_until))
    .where(packets.c.state == PacketState.LEASED.value)
    .group_by(packets.c.worker)
    .order_by(packets.c.worker),
    lambda owner, count, until: Lease("packets", owner, count, until),
)
_SYNCS = Query(
    select(sync_runs.c.source_ref, sync_runs.c.worker, sync_runs.c.leased_until)
    .where(sync_runs.c.worker != "", sync_runs.c.leased_until > param("now"))
    .order_by(sync_runs.c.source_ref),
    lambda source, owner, until: Lease(f"sync of {source}", owner, 1, until),
)


async def every(reader: Reader) -> list[NodeRow]:
    """All processes that gave a sign of life lately, by host."""
    return await reader.all(_EVERY)


async def sign(
    uow: UnitOfWork, *, name: str, role: str, host: str, pid: int, version: str, detail: str, started_at: int
) -> None:
    """A sign of life; the first one registers the process."""
    await uow.run(
        _SIGN,
        name=name,
        role=role,
        host=host,
        pid=pid,
        version=version,
        detail=detail,
        started_at=started_at,
        now=uow.now,
    )


async def go(uow: UnitOfWork, name: str) -> None:
    """A process ends."""
    await uow.run(_GO, name=name)


async def drop_silent(uow: UnitOfWork, *, before: int) -> int:
    """Strike off those who gave no sign of life since then; how many."""
    return await uow.run(_DROP, before=before)


async def leases(reader: Reader) -> list[Lease]:
    """What is in whose hands now."""
    return [*await reader.all(_PACKETS), *await reader.all(_SYNCS, now=reader.now)]
