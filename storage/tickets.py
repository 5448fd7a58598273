"""Tickets as rows: only the hash of the secret is here, and using one up is a single UPDATE."""

from collections.abc import Iterable

from sqlalchemy import and_, delete, insert, or_, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.access import Ticket, tickets
from storage.tables.words import TicketPurpose

_TICKET = columns_for(Ticket, tickets)
_LIVE = and_(
    tickets.c.used_at.is_(None), or_(tickets.c.expires_at.is_(None), tickets.c.expires_at > param("now"))
)
_FITS = any_of(tickets.c.purpose, "purposes")

_ADD = Query(
    insert(tickets)
    .values(
        secret_hash=param("secret_hash"),
        purpose=param("purpose"),
        robot_id=param("robot_id"),
        list_id=param("list_id"),
        person_id=param("person_id"),
        session_id=param("session_id"),
        address=param("address"),
        payload=param("payload"),
        created_at=param("now"),
        expires_at=param("expires_at"),
    )
    .returning(*_TICKET),
    Ticket,
)
_BY_SECRET = query_for(
    Ticket, tickets, where=lambda s: s.where(tickets.c.secret_hash == param("secret_hash"), _LIVE)
)
_REDEEM = Query(
    update(tickets)
    .where(tickets.c.secret_hash == param("secret_hash"), _FITS, _LIVE)
    .values(used_at=param("now"))
    .returning(*_TICKET),
    Ticket,
)
_USE = Query(
    update(tickets)
    .where(tickets.c.id == param("id"), _FITS, _LIVE)
    .values(used_at=param("now"))
    .returning(*_TICKET),
    Ticket,
)
_TRY = Query(
    update(tickets)
    .where(tickets.c.id == param("id"), _FITS, _LIVE, tickets.c.attempts < param("at_most"))
    .values(attempts=tickets.c.attempts + 1)
    .returning(*_TICKET),
    Ticket,
)
_OF_SESSION = query_for(
    Ticket,
    tickets,
    where=lambda s: s.where(
        tickets.c.session_id == param("session_id"), tickets.c.purpose == param("purpose"), _LIVE
    ).order_by(tickets.c.id.desc()),
)
_VOID = Query(
    update(tickets)
    .where(any_of(tickets.c.id, "ids"), tickets.c.used_at.is_(None))
    .values(used_at=param("now")),
    int,
)
_DROP_OLD = Query(
    delete(tickets).where(or_(tickets.c.used_at < param("before"), tickets.c.expires_at < param("before"))),
    int,
)


async def add(
    uow: UnitOfWork,
    *,
    secret_hash: bytes,
    purpose: TicketPurpose,
    robot_id: int,
    list_id: int | None,
    person_id: int | None,
    session_id: int | None,
    address: str,
    payload: str,
    expires_at: int | None,
) -> Ticket:
    """A new ticket."""
    return await one(
        uow,
        _ADD,
        secret_hash=secret_hash,
        purpose=purpose.value,
        robot_id=robot_id,
        list_id=list_id,
        person_id=person_id,
        session_id=session_id,
        address=address,
        payload=payload,
        expires_at=expires_at,
        now=uow.now,
    )


async def by_secret(reader: Reader, secret_hash: bytes) -> Ticket | None:
    """The unused, unexpired ticket with this secret; nothing changes."""
    return await reader.first(_BY_SECRET, secret_hash=secret_hash, now=reader.now)


async def redeem(uow: UnitOfWork, secret_hash: bytes, purposes: Iterable[TicketPurpose]) -> Ticket | None:
    """Use up the ticket with this secret and one of these purposes; None for all but one of many who try at once."""
    return await uow.first(_REDEEM, secret_hash=secret_hash, purposes=_words(purposes), now=uow.now)


async def use(uow: UnitOfWork, ticket_id: int, purposes: Iterable[TicketPurpose]) -> Ticket | None:
    """The same for a ticket whose code was right."""
    return await uow.first(_USE, id=ticket_id, purposes=_words(purposes), now=uow.now)


async def count_try(
    uow: UnitOfWork, ticket_id: int, purposes: Iterable[TicketPurpose], *, at_most: int
) -> Ticket | None:
    """Count one try of the ticket's code; None when it is spent or was tried `at_most` times."""
    return await uow.first(_TRY, id=ticket_id, purposes=_words(purposes), at_most=at_most, now=uow.now)


async def of_session(reader: Reader, session_id: int, purpose: TicketPurpose) -> list[Ticket]:
    """The usable tickets that only this session may use, newest first."""
    return await reader.all(_OF_SESSION, session_id=session_id, purpose=purpose.value, now=reader.now)


async def void(uow: UnitOfWork, ticket_ids: Iterable[int]) -> None:
    """Make these tickets useless."""
    await uow.run(_VOID, ids=[*ticket_ids], now=uow.now)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Remove tickets that were used or expired before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)


def _words(purposes: Iterable[TicketPurpose]) -> list[str]:
    return [purpose.value for purpose in purposes]
