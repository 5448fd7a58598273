"""Accounts at providers as rows: who they belong to here."""

from sqlalchemy import and_, delete, insert, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.people import ExternalIdentity, external_identities

_ROW = columns_for(ExternalIdentity, external_identities)
_KEY = and_(
    external_identities.c.provider == param("provider"),
    external_identities.c.issuer == param("issuer"),
    external_identities.c.subject == param("subject"),
)
_FIND = query_for(ExternalIdentity, external_identities, where=lambda s: s.where(_KEY))
_SEVERAL = query_for(
    ExternalIdentity,
    external_identities,
    where=lambda s: s.where(
        external_identities.c.provider == param("provider"),
        external_identities.c.issuer == param("issuer"),
        any_of(external_identities.c.subject, "subjects"),
    ),
)
_OF_PERSON = query_for(
    ExternalIdentity,
    external_identities,
    where=lambda s: s.where(external_identities.c.person_id == param("person_id")).order_by(
        external_identities.c.id
    ),
)
_ADD = Query(
    insert(external_identities)
    .values(
        person_id=param("person_id"),
        robot_id=param("robot_id"),
        provider=param("provider"),
        issuer=param("issuer"),
        subject=param("subject"),
        created_at=param("now"),
        last_used_at=param("now"),
    )
    .returning(*_ROW),
    ExternalIdentity,
)
_USED = Query(
    update(external_identities)
    .where(external_identities.c.id == param("id"))
    .values(last_used_at=param("now")),
    int,
)
_DROP = Query(
    delete(external_identities).where(
        external_identities.c.id == param("id"), external_identities.c.person_id == param("person_id")
    ),
    int,
)


async def find(reader: Reader, provider: str, issuer: str, subject: str) -> ExternalIdentity | None:
    """The identity with this key."""
    return await reader.first(_FIND, provider=provider, issuer=issuer, subject=subject)


async def find_many(
    reader: Reader, provider: str, issuer: str, subjects: list[str]
) -> list[ExternalIdentity]:
    """The identities of one issuer with these subjects, in any order."""
    return await reader.all(_SEVERAL, provider=provider, issuer=issuer, subjects=subjects)


async def of_person(reader: Reader, person_id: int) -> list[ExternalIdentity]:
    """The accounts at providers that are linked to a person, oldest first."""
    return await reader.all(_OF_PERSON, person_id=person_id)


async def add(
    uow: UnitOfWork, *, person_id: int, robot_id: int | None, provider: str, issuer: str, subject: str
) -> ExternalIdentity:
    """Link an account at a provider to a person."""
    return await one(
        uow,
        _ADD,
        person_id=person_id,
        robot_id=robot_id,
        provider=provider,
        issuer=issuer,
        subject=subject,
        now=uow.now,
    )


async def used(uow: UnitOfWork, identity_id: int) -> None:
    """Note that somebody came in through it now."""
    await uow.run(_USED, id=identity_id, now=uow.now)


async def drop(uow: UnitOfWork, person_id: int, identity_id: int) -> int:
    """Take it from the person; how many there were."""
    return await uow.run(_DROP, id=identity_id, person_id=person_id)
