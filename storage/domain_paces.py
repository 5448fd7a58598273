"""What workers learnt about domains that put us off, shared by all of them; rarely written."""

from sqlalchemy import delete

from storage.database import Reader, UnitOfWork
from storage.query import Query, param, query_for
from storage.tables.queue import DomainPace, domain_paces

_EVERY = query_for(DomainPace, domain_paces, where=lambda s: s.order_by(domain_paces.c.domain))
_KEEP = Query(
    lambda insert: (
        insert(domain_paces)
        .values(
            domain=param("domain"),
            most=param("most"),
            pause=param("pause"),
            paused_until=param("paused_until"),
            reply=param("reply"),
            updated_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["domain"],
            set_={
                "most": param("most"),
                "pause": param("pause"),
                "paused_until": param("paused_until"),
                "reply": param("reply"),
                "updated_at": param("now"),
            },
        )
    ),
    int,
)
_FORGET = Query(delete(domain_paces).where(domain_paces.c.domain == param("domain")), int)
_FORGET_ALL = Query(delete(domain_paces), int)


async def every(reader: Reader) -> list[DomainPace]:
    """All domains that are treated gently now, by name."""
    return await reader.all(_EVERY)


async def keep(uow: UnitOfWork, domain: str, *, most: int, pause: int, paused_until: int, reply: str) -> None:
    """Write down how a domain is treated from now on."""
    await uow.run(
        _KEEP,
        domain=domain,
        most=most,
        pause=pause,
        paused_until=paused_until,
        reply=reply[:500],
        now=uow.now,
    )


async def forget(uow: UnitOfWork, domain: str | None = None) -> int:
    """Treat a domain, or all of them, as any other again; how many were forgotten."""
    if domain is None:
        return await uow.run(_FORGET_ALL)
    return await uow.run(_FORGET, domain=domain)
