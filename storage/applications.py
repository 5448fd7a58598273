"""Trusted applications as rows, with their keys and people's leave for them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from storage.database import Reader, UnitOfWork, one
from storage.pairs import pair_of
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.access import sessions
from storage.tables.applications import (
    Application,
    ApplicationGrant,
    ApplicationKey,
    application_grants,
    application_keys,
    applications,
)

_ROW = columns_for(Application, applications)
_GRANT = columns_for(ApplicationGrant, application_grants)
_WORDS = ("client_id", "name", "operations", "scopes", "assertable", "fixed", "domains", "networks")

_ADD = Query(
    lambda made: (
        made(applications)
        .values(
            robot_id=param("robot_id"),
            **{name: param(name) for name in _WORDS},
            requires_grant=param("requires_grant"),
            created_at=param("now"),
        )
        .on_conflict_do_nothing()
        .returning(*_ROW)
    ),
    Application,
)
_BY_CLIENT = query_for(
    Application,
    applications,
    where=lambda s: s.where(
        applications.c.robot_id == param("robot_id"),
        or_(applications.c.client_id == param("word"), applications.c.name == param("word")),
    ),
)
_BY_IDS = query_for(Application, applications, where=lambda s: s.where(any_of(applications.c.id, "ids")))
_OF_ROBOT = query_for(
    Application,
    applications,
    where=lambda s: s.where(applications.c.robot_id == param("robot_id")).order_by(
        applications.c.name, applications.c.id
    ),
)
_REVOKE = Query(
    update(applications)
    .where(applications.c.id == param("id"), applications.c.revoked_at.is_(None))
    .values(revoked_at=param("now"))
    .returning(*_ROW),
    Application,
)
_USED = Query(
    update(applications)
    .where(applications.c.id == param("id"), applications.c.revoked_at.is_(None))
    .values(last_used_at=param("now"))
    .returning(*_ROW),
    Application,
)
# Changes nothing; whoever else wants the row waits for the end of the transaction.
_LOCK = Query(
    update(applications)
    .where(applications.c.id == param("id"), applications.c.revoked_at.is_(None))
    .values(name=applications.c.name)
    .returning(*_ROW),
    Application,
)
_ADD_KEY = Query(
    insert(application_keys).values(
        application_id=param("application_id"),
        kid=param("kid"),
        algorithm=param("algorithm"),
        jwk=param("jwk"),
        not_before=param("not_before"),
        not_after=param("not_after"),
        created_at=param("now"),
    ),
    int,
)
_KEYS = query_for(
    ApplicationKey,
    application_keys,
    where=lambda s: s.where(any_of(application_keys.c.application_id, "ids")).order_by(application_keys.c.id),
)
_END_KEYS = Query(
    update(application_keys)
    .where(
        application_keys.c.application_id == param("application_id"),
        or_(application_keys.c.not_after.is_(None), application_keys.c.not_after > param("until")),
    )
    .values(not_after=param("until")),
    int,
)
_PUT_GRANT = Query(
    lambda made: (
        made(application_grants)
        .values(
            application_id=param("application_id"),
            person_id=param("person_id"),
            scopes=param("scopes"),
            granted_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["application_id", "person_id"],
            set_={"scopes": param("scopes"), "granted_at": param("now")},
        )
        .returning(*_GRANT)
    ),
    ApplicationGrant,
)
_GRANTED = query_for(
    ApplicationGrant,
    application_grants,
    where=lambda s: s.where(
        application_grants.c.application_id == param("application_id"),
        application_grants.c.person_id == param("person_id"),
    ),
)
_GRANTS_OF = Query(
    select(*_GRANT, *_ROW)
    .join(applications, applications.c.id == application_grants.c.application_id)
    .where(
        application_grants.c.person_id == param("person_id"),
        applications.c.robot_id == param("robot_id"),
        applications.c.revoked_at.is_(None),
    )
    .order_by(application_grants.c.id.desc()),
    pair_of(ApplicationGrant, Application),
)
_DROP_GRANT = Query(
    delete(application_grants)
    .where(application_grants.c.id == param("id"), application_grants.c.person_id == param("person_id"))
    .returning(*_GRANT),
    ApplicationGrant,
)
_END_SESSIONS = Query(
    update(sessions)
    .where(
        sessions.c.application_id == param("application_id"),
        sessions.c.person_id == param("person_id"),
        sessions.c.revoked_at.is_(None),
    )
    .values(revoked_at=param("now")),
    int,
)


async def add(
    uow: UnitOfWork, robot_id: int, words: Mapping[str, str], *, requires_grant: bool
) -> Application | None:
    """A new application; None when the robot has, or had, one of this name."""
    return await uow.first(_ADD, robot_id=robot_id, requires_grant=requires_grant, now=uow.now, **words)


async def find(reader: Reader, robot_id: int, word: str) -> Application | None:
    """The robot's application with this client id or name, revoked or not."""
    return await reader.first(_BY_CLIENT, robot_id=robot_id, word=word)


async def by_ids(reader: Reader, ids: Sequence[int]) -> dict[int, Application]:
    """Applications by their keys."""
    return {each.id: each for each in await reader.all(_BY_IDS, ids=[*ids])}


async def of_robot(reader: Reader, robot_id: int) -> list[Application]:
    """The robot's applications by name, revoked ones too."""
    return await reader.all(_OF_ROBOT, robot_id=robot_id)


async def revoke(uow: UnitOfWork, application_id: int) -> Application | None:
    """End the trust; None when it was ended before."""
    return await uow.first(_REVOKE, id=application_id, now=uow.now)


async def used(uow: UnitOfWork, application_id: int) -> Application | None:
    """Note that the application spoke, and read it again for this transaction; None when it was revoked meanwhile."""
    return await uow.first(_USED, id=application_id, now=uow.now)


async def lock(uow: UnitOfWork, application_id: int) -> Application | None:
    """The application as it is, for this transaction alone to change; None when it was revoked."""
    return await uow.first(_LOCK, id=application_id)


async def add_key(
    uow: UnitOfWork,
    application_id: int,
    *,
    kid: str,
    algorithm: str,
    jwk: str,
    not_before: int | None,
    not_after: int | None,
) -> None:
    """A further key; the application has none with this `kid` yet."""
    await uow.run(
        _ADD_KEY,
        application_id=application_id,
        kid=kid,
        algorithm=algorithm,
        jwk=jwk,
        not_before=not_before,
        not_after=not_after,
        now=uow.now,
    )


async def keys(reader: Reader, application_ids: Sequence[int]) -> list[ApplicationKey]:
    """The keys of these applications, oldest first."""
    return await reader.all(_KEYS, ids=[*application_ids])


async def end_keys(uow: UnitOfWork, application_id: int, *, until: int) -> None:
    """Let no key of the application's hold longer than until an instant."""
    await uow.run(_END_KEYS, application_id=application_id, until=until)


async def put_grant(uow: UnitOfWork, application_id: int, person_id: int, scopes: str) -> ApplicationGrant:
    """The person's leave, anew."""
    return await one(
        uow, _PUT_GRANT, application_id=application_id, person_id=person_id, scopes=scopes, now=uow.now
    )


async def granted(reader: Reader, application_id: int, person_id: int) -> ApplicationGrant | None:
    """The person's leave for the application."""
    return await reader.first(_GRANTED, application_id=application_id, person_id=person_id)


async def grants_of(
    reader: Reader, person_id: int, robot_id: int
) -> list[tuple[ApplicationGrant, Application]]:
    """What the person allowed to applications of a robot that are still trusted, newest first."""
    return await reader.all(_GRANTS_OF, person_id=person_id, robot_id=robot_id)


async def drop_grant(uow: UnitOfWork, person_id: int, grant_id: int) -> ApplicationGrant | None:
    """Take the person's leave back; None when there is none of theirs with this number."""
    return await uow.first(_DROP_GRANT, id=grant_id, person_id=person_id)


async def end_sessions(uow: UnitOfWork, application_id: int, person_id: int) -> int:
    """End what the application has open for the person; how many."""
    params: dict[str, Any] = {"application_id": application_id, "person_id": person_id}
    return await uow.run(_END_SESSIONS, **params, now=uow.now)
