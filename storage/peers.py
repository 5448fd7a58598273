"""Peer servers as rows: found by their name or issuer, trusted, refreshed, and how they did."""

from sqlalchemy import case, delete, func, insert, select, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, columns_for, param, query_for
from storage.tables.federation import Peer, peers
from storage.tables.words import PeerEvidence, PeerTrust

_ROW = columns_for(Peer, peers)
_FIND = query_for(Peer, peers, where=lambda s: s.where(peers.c.id == param("id")))
_BY_DOMAIN = query_for(Peer, peers, where=lambda s: s.where(peers.c.domain == param("domain")))
_BY_ISSUER = query_for(Peer, peers, where=lambda s: s.where(peers.c.issuer == param("issuer")))
_EVERY = query_for(Peer, peers, where=lambda s: s.order_by(peers.c.domain))
_ADD = Query(
    insert(peers)
    .values(
        domain=param("domain"),
        issuer=param("issuer"),
        endpoint=param("endpoint"),
        trust=PeerTrust.PENDING.value,
        said=param("said"),
        keys=param("keys"),
        created_at=param("now"),
        fetched_at=param("now"),
    )
    .returning(*_ROW),
    Peer,
)
_TRUST = Query(
    update(peers)
    .where(peers.c.id == param("id"))
    .values(
        trust=param("trust"), pinned=param("pinned"), keys=param("keys"), alert="", failures=0, retry_at=None
    )
    .returning(*_ROW),
    Peer,
)
_REFRESHED = Query(
    update(peers)
    .where(peers.c.id == param("id"))
    .values(endpoint=param("endpoint"), said=param("said"), keys=param("keys"), fetched_at=param("now"))
    .returning(*_ROW),
    Peer,
)
_ASKED_FOR = Query(update(peers).where(peers.c.id == param("id")).values(fetched_at=param("now")), int)
_CLAIM_LOOK = Query(
    update(peers)
    .where(peers.c.id == param("id"), peers.c.fetched_at <= param("before"))
    .values(fetched_at=param("now")),
    int,
)
_DOUBTED = Query(
    update(peers)
    .where(peers.c.id == param("id"))
    .values(
        trust=case(
            (peers.c.trust == PeerTrust.BLOCKED.value, PeerTrust.BLOCKED.value),
            else_=PeerTrust.PENDING.value,
        ),
        alert=param("alert"),
        endpoint=param("endpoint"),
        said=param("said"),
        keys=param("keys"),
        fetched_at=param("now"),
    )
    .returning(*_ROW),
    Peer,
)
_SWITCH_OFF = Query(
    update(peers).where(peers.c.id == param("id")).values(trust=param("trust"), alert=param("alert")), int
)
_TERMS = Query(
    update(peers)
    .where(peers.c.id == param("id"))
    .values(evidence=param("evidence"), allows_acts=param("allows_acts"))
    .returning(*_ROW),
    Peer,
)
_DROP = Query(delete(peers).where(peers.c.id == param("id")), int)
_WENT = Query(
    update(peers)
    .where(peers.c.id == param("id"))
    .values(
        failures=param("failures"),
        retry_at=param("retry_at"),
        last_success_at=case((param("failure") == "", param("now")), else_=peers.c.last_success_at),
        last_latency_ms=func.coalesce(param("latency_ms"), peers.c.last_latency_ms),
        last_failure_at=case((param("failure") == "", peers.c.last_failure_at), else_=param("now")),
        last_failure=case((param("failure") == "", peers.c.last_failure), else_=param("failure")),
    ),
    int,
)
_STALE = Query(
    select(*_ROW)
    .where(peers.c.fetched_at < param("before"), peers.c.trust != PeerTrust.BLOCKED.value)
    .order_by(peers.c.id),
    Peer,
)


async def find(reader: Reader, peer_id: int) -> Peer | None:
    """One peer by its number."""
    return await reader.first(_FIND, id=peer_id)


async def by_domain(reader: Reader, domain: str) -> Peer | None:
    """One peer by its name."""
    return await reader.first(_BY_DOMAIN, domain=domain)


async def by_issuer(reader: Reader, issuer: str) -> Peer | None:
    """One peer by the origin that it signs as."""
    return await reader.first(_BY_ISSUER, issuer=issuer)


async def every(reader: Reader) -> list[Peer]:
    """All peers, by name."""
    return await reader.all(_EVERY)


async def stale(reader: Reader, before: int) -> list[Peer]:
    """Those whose document was fetched before an instant, without the blocked ones."""
    return await reader.all(_STALE, before=before)


async def add(uow: UnitOfWork, domain: str, issuer: str, endpoint: str, said: str, keys: str) -> Peer:
    """Know another server, and trust it with nothing yet."""
    return await one(
        uow, _ADD, domain=domain, issuer=issuer, endpoint=endpoint, said=said, keys=keys, now=uow.now
    )


async def set_trust(uow: UnitOfWork, peer_id: int, trust: PeerTrust, pinned: str, keys: str) -> Peer:
    """What it may ask and be asked, with the keys that were compared."""
    return await one(uow, _TRUST, id=peer_id, trust=trust.value, pinned=pinned, keys=keys)


async def refreshed(uow: UnitOfWork, peer_id: int, endpoint: str, said: str, keys: str) -> Peer:
    """A newer document of its was believed."""
    return await one(uow, _REFRESHED, id=peer_id, endpoint=endpoint, said=said, keys=keys, now=uow.now)


async def doubted(uow: UnitOfWork, peer_id: int, alert: str, endpoint: str, said: str, keys: str) -> Peer:
    """It is trusted with nothing any more until an administrator has compared the keys that it shows now."""
    return await one(
        uow, _DOUBTED, id=peer_id, alert=alert, endpoint=endpoint, said=said, keys=keys, now=uow.now
    )


async def switch_off(uow: UnitOfWork, peer_id: int, trust: PeerTrust, alert: str) -> None:
    """Trust it with less, and let administrators see why."""
    await uow.run(_SWITCH_OFF, id=peer_id, trust=trust.value, alert=alert)


async def set_terms(uow: UnitOfWork, peer_id: int, evidence: PeerEvidence, *, allows_acts: bool) -> Peer:
    """What its questions have to show, and whether people may leave and pause through it."""
    return await one(uow, _TERMS, id=peer_id, evidence=evidence.value, allows_acts=allows_acts)


async def asked_for(uow: UnitOfWork, peer_id: int) -> None:
    """Its document was asked for now, whatever came of it."""
    await uow.run(_ASKED_FOR, id=peer_id, now=uow.now)


async def claim_look(uow: UnitOfWork, peer_id: int, before: int) -> bool:
    """Ask for its document now, if nobody has done so since an instant."""
    return await uow.run(_CLAIM_LOOK, id=peer_id, before=before, now=uow.now) > 0


async def went(
    uow: UnitOfWork,
    peer_id: int,
    *,
    failures: int,
    retry_at: int | None,
    latency_ms: int | None = None,
    failure: str = "",
) -> None:
    """How it did when it was asked: "" as `failure` is a good answer, which took so long; else it is the word for what was wrong."""
    await uow.run(
        _WENT,
        id=peer_id,
        failures=failures,
        retry_at=retry_at,
        latency_ms=latency_ms,
        failure=failure,
        now=uow.now,
    )


async def drop(uow: UnitOfWork, peer_id: int) -> int:
    """Forget it; how many there were."""
    return await uow.run(_DROP, id=peer_id)
