"""Addresses that one person has shown and another one has, as rows that wait for the other's consent."""

from sqlalchemy import delete, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, columns_for, param, query_for
from storage.tables.account_life import AddressClaim, address_claims
from storage.tables.words import AddressSource, Strength

_ROW = columns_for(AddressClaim, address_claims)
_KEY = ("person_id", "holder_id", "address_key")
_BY_ID = query_for(
    AddressClaim,
    address_claims,
    where=lambda s: s.where(
        address_claims.c.id == param("id"),
        address_claims.c.decided_at.is_(None),
        address_claims.c.expires_at > param("now"),
    ),
)
_SAME = query_for(
    AddressClaim,
    address_claims,
    where=lambda s: s.where(*(address_claims.c[name] == param(name) for name in _KEY)),
)


def _put(insert: object) -> object:
    names = ("robot_id", "address", "source", "source_ref", "strength", "counts_in", "lasts", "expires_at")
    made = insert(address_claims).values(  # type: ignore[operator]
        **{name: param(name) for name in (*_KEY, *names)}, created_at=param("now")
    )
    fresh = {name: made.excluded[name] for name in (*names, "created_at")}
    return made.on_conflict_do_update(
        index_elements=[*_KEY], set_={**fresh, "decided_at": None, "decision": ""}
    ).returning(*_ROW)


_PUT = Query(_put, AddressClaim)
_DECIDE = Query(
    update(address_claims)
    .where(address_claims.c.id == param("id"), address_claims.c.decided_at.is_(None))
    .values(decided_at=param("now"), decision=param("decision")),
    int,
)

_DROP_OLD = Query(
    delete(address_claims).where(
        address_claims.c.created_at < param("before"), address_claims.c.expires_at < param("before")
    ),
    int,
)


async def put(
    uow: UnitOfWork,
    *,
    person_id: int,
    holder_id: int,
    robot_id: int,
    address: str,
    address_key: str,
    source: AddressSource,
    source_ref: str,
    strength: Strength,
    counts_in: int | None,
    lasts: int,
    expires_at: int,
) -> AddressClaim:
    """A claim that waits, in place of the same person's to the same address before."""
    return await one(
        uow,
        _PUT,
        person_id=person_id,
        holder_id=holder_id,
        robot_id=robot_id,
        address=address,
        address_key=address_key,
        source=source.value,
        source_ref=source_ref,
        strength=strength.value,
        counts_in=counts_in,
        lasts=lasts,
        expires_at=expires_at,
        now=uow.now,
    )


async def find(reader: Reader, claim_id: int) -> AddressClaim | None:
    """The claim with this number, while it waits."""
    return await reader.first(_BY_ID, id=claim_id, now=reader.now)


async def same(reader: Reader, person_id: int, holder_id: int, address_key: str) -> AddressClaim | None:
    """The claim of one person against another to an address, decided and expired ones too."""
    return await reader.first(_SAME, person_id=person_id, holder_id=holder_id, address_key=address_key)


async def decide(uow: UnitOfWork, claim_id: int, decision: str) -> bool:
    """Write down what the holder said; False for all but the first answer."""
    return await uow.run(_DECIDE, id=claim_id, decision=decision, now=uow.now) > 0


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Remove claims that were made, and lapsed, before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)
