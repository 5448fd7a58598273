"""What one source says about many people at once: read, and renewed where it says the same as before."""

from sqlalchemy import and_, func, or_, select, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, each_of, param, query_for
from storage.tables.people import ExternalIdentity, LedgerRow, addresses, external_identities
from storage.tables.providers import StoredAttribute, attributes

_SAID = and_(addresses.c.source_ref == param("source_ref"), each_of(addresses.c.person_id, "person_ids"))
_TOLD = and_(attributes.c.source_ref == param("source_ref"), each_of(attributes.c.person_id, "person_ids"))
_HERE = and_(
    external_identities.c.provider == param("provider"), external_identities.c.issuer == param("issuer")
)
_ADDRESSES = query_for(LedgerRow, addresses, where=lambda s: s.where(_SAID))
_ATTRIBUTES = query_for(StoredAttribute, attributes, where=lambda s: s.where(_TOLD))
_RENEW_ADDRESSES = Query(
    update(addresses)
    .where(_SAID, addresses.c.proved_at.is_not(None))
    .where(or_(addresses.c.expires_at.is_(None), addresses.c.expires_at > param("now")))
    .values(confirmed_at=param("now"), expires_at=param("until")),
    int,
)
_RENEW_ATTRIBUTES = Query(
    update(attributes)
    .where(_TOLD)
    .where(or_(attributes.c.expires_at.is_(None), attributes.c.expires_at > param("now")))
    .values(updated_at=param("now"), expires_at=param("until")),
    int,
)
_IDENTITIES = query_for(
    ExternalIdentity,
    external_identities,
    where=lambda s: (
        s.where(_HERE, external_identities.c.subject > param("after"))
        .order_by(external_identities.c.subject)
        .limit(param("limit"))
    ),
)
_COUNT = Query(select(func.count()).select_from(external_identities).where(_HERE), int)


async def addresses_of(reader: Reader, source_ref: str, person_ids: list[int]) -> list[LedgerRow]:
    """What the source says, or said, about these people's addresses."""
    return await reader.all(_ADDRESSES, source_ref=source_ref, person_ids=person_ids)


async def attributes_of(reader: Reader, source_ref: str, person_ids: list[int]) -> list[StoredAttribute]:
    """The same for what else it says."""
    return await reader.all(_ATTRIBUTES, source_ref=source_ref, person_ids=person_ids)


async def renew(uow: UnitOfWork, source_ref: str, person_ids: list[int], until: int) -> None:
    """Whatever it says about these people and has not ended holds until then."""
    named = {"source_ref": source_ref, "person_ids": person_ids, "now": uow.now, "until": until}
    await uow.run(_RENEW_ADDRESSES, **named)
    await uow.run(_RENEW_ATTRIBUTES, **named)


async def identities_after(
    reader: Reader, provider: str, issuer: str, after: str, limit: int
) -> list[ExternalIdentity]:
    """So many accounts at an issuer that somebody here has, in the order of their subjects, from behind one on."""
    return await reader.all(_IDENTITIES, provider=provider, issuer=issuer, after=after, limit=limit)


async def count_identities(reader: Reader, provider: str, issuer: str) -> int:
    """How many there are."""
    return await reader.first(_COUNT, provider=provider, issuer=issuer) or 0
