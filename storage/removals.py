"""Accounts that nobody uses, and those that are about to go (row 129)."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, exists, func, or_, select

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.access import credentials, sessions, tickets, tokens
from storage.tables.account_life import Removal, RemovalReason, merges, removals
from storage.tables.applications import application_grants
from storage.tables.lists import Membership, Role, memberships, roles
from storage.tables.mail import moderation
from storage.tables.people import addresses, external_identities, people

_person = people.c.id


def _unexpired(column: ColumnElement[int]) -> ColumnElement[bool]:
    return or_(column.is_(None), column > param("now"))


_WAITING_AUTHORS = select(func.lower(moderation.c.author)).where(moderation.c.state == "waiting")
_LIVE_TICKET = (tickets.c.used_at.is_(None), _unexpired(tickets.c.expires_at))
_ASKED_ADDRESSES = select(func.lower(tickets.c.address)).where(*_LIVE_TICKET)
# Addresses of all sources count, those that lapsed or were never proved, too: what might be theirs keeps the account
# (row 129). Joined and not compared with OR: each address is looked up in the index of what it may be on.
_MAIL_OR_OFFICE = (
    exists(
        select(memberships.c.id)
        .join(addresses, addresses.c.address_key == memberships.c.address_key)
        .where(addresses.c.person_id == _person)
    ),
    exists(select(memberships.c.id).where(memberships.c.person_id == _person)),
    exists(
        select(roles.c.id)
        .join(addresses, addresses.c.address_key == roles.c.address_key)
        .where(addresses.c.person_id == _person)
    ),
)
_PENDING = (
    exists(
        select(addresses.c.id).where(
            addresses.c.person_id == _person,
            or_(addresses.c.address_key.in_(_WAITING_AUTHORS), addresses.c.address_key.in_(_ASKED_ADDRESSES)),
        )
    ),
    exists(select(tickets.c.id).where(tickets.c.person_id == _person, *_LIVE_TICKET)),
)
_WAYS_IN = (
    exists(
        select(credentials.c.id).where(
            credentials.c.person_id == _person,
            func.coalesce(credentials.c.last_used_at, credentials.c.updated_at) > param("since"),
        )
    ),
    exists(
        select(external_identities.c.id).where(
            external_identities.c.person_id == _person,
            func.coalesce(external_identities.c.last_used_at, external_identities.c.created_at)
            > param("since"),
        )
    ),
    exists(
        select(tokens.c.id).where(
            tokens.c.person_id == _person, tokens.c.revoked_at.is_(None), _unexpired(tokens.c.expires_at)
        )
    ),
    exists(
        select(sessions.c.id).where(
            sessions.c.person_id == _person,
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > param("now"),
        )
    ),
    exists(select(application_grants.c.id).where(application_grants.c.person_id == _person)),
    # A directory that goes on vouching for somebody would make the account anew.
    exists(
        select(addresses.c.id).where(
            addresses.c.person_id == _person,
            addresses.c.source_ref != "",
            addresses.c.proved_at.is_not(None),
            _unexpired(addresses.c.expires_at),
        )
    ),
)
_JOINED = exists(select(merges.c.id).where(merges.c.gone_id == _person, merges.c.undone_at.is_(None)))
_UNUSED = [~each for each in (*_MAIL_OR_OFFICE, *_PENDING, *_WAYS_IN, _JOINED)]
_IS_UNUSED = Query(
    select(_person).where(_person == param("person_id"), people.c.created_at <= param("since"), *_UNUSED), int
)
_NEXT = Query(select(_person).where(_person > param("after")).order_by(_person).limit(param("limit")), int)
_UNUSED_OF = Query(
    select(_person)
    .where(
        any_of(_person, "ids"),
        people.c.created_at <= param("since"),
        ~exists(select(removals.c.person_id).where(removals.c.person_id == _person)),
        *_UNUSED,
    )
    .order_by(_person),
    int,
)
_LIVE_KEYS = select(addresses.c.address_key).where(
    addresses.c.person_id == param("person_id"),
    addresses.c.proved_at.is_not(None),
    _unexpired(addresses.c.expires_at),
)
_MEMBERSHIPS = query_for(
    Membership,
    memberships,
    where=lambda s: s.where(
        memberships.c.id.in_(
            select(memberships.c.id)
            .where(memberships.c.address_key.in_(_LIVE_KEYS))
            .union(select(memberships.c.id).where(memberships.c.person_id == param("person_id")))
        )
    ).order_by(memberships.c.id),
)
_OFFICES = query_for(
    Role, roles, where=lambda s: s.where(roles.c.address_key.in_(_LIVE_KEYS)).order_by(roles.c.id)
)
_MARK = Query(
    lambda insert: (
        insert(removals)
        .values(
            person_id=param("person_id"),
            reason=param("reason"),
            started_at=param("now"),
            due_at=param("due_at"),
        )
        .on_conflict_do_nothing()
    ),
    int,
)
_CANCEL = Query(delete(removals).where(removals.c.person_id == param("person_id")), int)
_FIND = query_for(Removal, removals, where=lambda s: s.where(removals.c.person_id == param("person_id")))
_DUE = Query(
    select(*columns_for(Removal, removals))
    .where(removals.c.due_at <= param("now"))
    .order_by(removals.c.due_at)
    .limit(param("limit")),
    Removal,
)
_ERASE = Query(delete(people).where(_person == param("person_id")), int)


async def is_unused(reader: Reader, person_id: int, *, since: int) -> bool:
    """Whether nothing keeps the account: no address of it is on a list, has an office or waits for something (row 129).

    Nor is there a way to come in that was used after `since`, an API token, a session, a leave for an application, or
    a provider that vouches for the person.
    """
    found = await reader.first(_IS_UNUSED, person_id=person_id, since=since, now=reader.now)
    return found is not None


async def people_after(reader: Reader, after: int, *, limit: int) -> list[int]:
    """The numbers of the next people, in order."""
    return await reader.all(_NEXT, after=after, limit=limit)


async def unused_of(reader: Reader, person_ids: Sequence[int], *, since: int) -> list[int]:
    """Who of these has an account that nothing keeps and that is not about to go yet."""
    return await reader.all(_UNUSED_OF, ids=[*person_ids], since=since, now=reader.now)


async def memberships_of(reader: Reader, person_id: int) -> list[Membership]:
    """What the account is on, under every address that counts anywhere."""
    return await reader.all(_MEMBERSHIPS, person_id=person_id, now=reader.now)


async def offices_of(reader: Reader, person_id: int) -> list[Role]:
    """Which offices those addresses hold."""
    return await reader.all(_OFFICES, person_id=person_id, now=reader.now)


async def mark(uow: UnitOfWork, person_id: int, reason: RemovalReason, *, due_at: int) -> bool:
    """Let the account go at an instant, unless it is used before; False where it is marked already."""
    return await uow.run(_MARK, person_id=person_id, reason=reason.value, due_at=due_at, now=uow.now) > 0


async def find(reader: Reader, person_id: int) -> Removal | None:
    """When and why the account is to go, if it is."""
    return await reader.first(_FIND, person_id=person_id)


async def cancel(uow: UnitOfWork, person_id: int) -> bool:
    """Let the account stay; whether it was about to go."""
    return await uow.run(_CANCEL, person_id=person_id) > 0


async def due(reader: Reader, *, limit: int) -> list[Removal]:
    """Accounts whose time has come."""
    return await reader.all(_DUE, limit=limit, now=reader.now)


async def erase(uow: UnitOfWork, person_id: int) -> None:
    """Remove the account and all that hangs on it: addresses, ways in, sessions, tickets, tokens, attributes."""
    await uow.run(_ERASE, person_id=person_id)
