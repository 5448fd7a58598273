"""Under which pairs of keys each peer has asked, since when, and what it may ask anew for that, as rows."""

from storage.database import Reader, UnitOfWork
from storage.query import Query, param, query_for
from storage.tables.federation_consents import PairTerm, federation_pairs

_EVERY = query_for(
    PairTerm,
    federation_pairs,
    where=lambda s: s.where(federation_pairs.c.peer_id == param("peer_id")).order_by(federation_pairs.c.id),
)
_ADD = Query(
    lambda insert: (
        insert(federation_pairs)
        .values(
            peer_id=param("peer_id"),
            theirs=param("theirs"),
            ours=param("ours"),
            first_day=param("first_day"),
            allowance=param("allowance"),
        )
        .on_conflict_do_nothing()
    ),
    int,
)


async def every(reader: Reader, peer_id: int) -> list[PairTerm]:
    """Those of one peer, in the order in which they came into use."""
    return await reader.all(_EVERY, peer_id=peer_id)


async def add(uow: UnitOfWork, peer_id: int, pair: tuple[str, str], first_day: int, allowance: int) -> None:
    """A pair, the peer's key and ours, is used from a day on; what is known of it stays."""
    theirs, ours = pair
    await uow.run(_ADD, peer_id=peer_id, theirs=theirs, ours=ours, first_day=first_day, allowance=allowance)
