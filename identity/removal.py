"""Accounts that go: asked for by their people, by the operator, or because nothing uses them any more (row 129)."""

from identity import life_mails, tickets
from identity.actor import Actor
from identity.keeping import home_of
from identity.ledger import effective_addresses
from identity.reach import require_reach
from identity.refusal import Forbidden
from identity.standing import fresh_session
from storage import audit, merges, people, removals
from storage.database import Database, Reader, UnitOfWork
from storage.tables.access import Ticket
from storage.tables.account_life import RemovalReason
from storage.tables.people import Person
from storage.tables.words import TicketPurpose

_BATCH = 1000


class InOffice(Forbidden):
    """This account owns or moderates lists, or runs a domain; hand that over first."""


async def ask(uow: UnitOfWork, actor: Actor) -> str:
    """Mail a ticket that removes the asker's account when its button is pressed; the address.

    Raises SignInNeeded, InOffice, OnlyHere.
    """
    person, session = fresh_session(actor, uow.now)
    await require_reach(uow, session)
    await require_no_office(uow, person)
    rows = await effective_addresses(uow, person.id, actor.robot.id)
    to = rows[0].address
    secret = await tickets.issue(
        uow,
        TicketPurpose.REMOVE_ACCOUNT,
        robot_id=actor.robot.id,
        address=to,
        person_id=person.id,
    )
    await life_mails.confirm_removal(uow, actor.robot, to, secret=secret)
    await audit.record(
        uow,
        "account_removal_asked",
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=person.id,
    )
    return to


async def person_of_ticket(reader: Reader, ticket: Ticket) -> Person:
    """Whose account the ticket removes; raises TicketInvalid."""
    person = None if ticket.person_id is None else await people.find(reader, ticket.person_id)
    if person is None:
        raise tickets.TicketInvalid
    return person


async def require_no_office(reader: Reader, person: Person) -> None:
    """Raises InOffice for whoever owns, moderates or runs something under any of their addresses."""
    if await removals.offices_of(reader, person.id):
        raise InOffice


async def mark(uow: UnitOfWork, person: Person, reason: RemovalReason, *, actor: str, via: str) -> bool:
    """Let an account go after the grace period, and say so to its main address; False where it is going already."""
    due = uow.now + uow.site.account_grace
    if not await removals.mark(uow, person.id, reason, due_at=due):
        return False
    await _record(uow, "account_removal_begun", person, actor=actor, via=via, reason=reason.value)
    robot = await home_of(uow, person.id)
    # Where the main address has lapsed it may be somebody else's by now, who is not told of this account.
    holder = await people.by_proved_address(uow, person.main_key, None)
    if robot is not None and (holder is None or holder.id == person.id):
        await life_mails.about_to_go(uow, robot, person.main_address, due=due)
    return True


async def erase(uow: UnitOfWork, person: Person, *, reason: str, actor: str, via: str) -> None:
    """Remove the account with everything that hangs on it; its addresses are free, and nobody inherits anything.

    What happened stays in the audit. Subscriptions and offices are held by addresses: end them before.
    """
    robot = await home_of(uow, person.id)
    told = [] if robot is None else (await effective_addresses(uow, person.id, robot.id))[:1]
    # Its number would go from the audit with the row.
    await _record(uow, "account_removed", person, actor=actor, via=via, reason=reason)
    for each in await merges.of_person(uow, person.id):
        # What was joined to it goes along: nobody could undo that any more.
        if each.gone_id is not None and each.undone_at is None:
            await removals.erase(uow, each.gone_id)
    await removals.erase(uow, person.id)
    for row in told:
        assert robot is not None
        await life_mails.gone(uow, robot, row.address)


async def mark_unused(db: Database) -> int:
    """Begin to remove accounts that nothing has kept for as long as the server's settings say; how many. 0 days is never."""
    if not db.site.account_unused_after:
        return 0
    marked = after = 0
    while True:
        async with db.read() as reader:
            ids = await removals.people_after(reader, after, limit=_BATCH)
            found = await removals.unused_of(reader, ids, since=_since(reader))
        for person_id in found:
            async with db.write() as uow:
                marked += await _mark_if_unused(uow, person_id)
        if len(ids) < _BATCH:
            return marked
        after = ids[-1]


async def still_unused(uow: UnitOfWork, person_id: int) -> bool:
    """Whether still nothing keeps the account, asked in the very transaction that removes it."""
    return await removals.is_unused(uow, person_id, since=_since(uow))


async def cancel(uow: UnitOfWork, person: Person, *, why: str) -> None:
    """Let an account stay that was about to go."""
    if await removals.cancel(uow, person.id):
        await _record(uow, "account_removal_ended", person, actor="server", via="sweep", reason=why)


async def _mark_if_unused(uow: UnitOfWork, person_id: int) -> bool:
    person = await people.find(uow, person_id)
    if person is None or not await still_unused(uow, person_id):
        return False
    return await mark(uow, person, RemovalReason.UNUSED, actor="server", via="sweep")


def _since(reader: Reader) -> int:
    return reader.now - reader.site.account_unused_after


async def _record(uow: UnitOfWork, event: str, person: Person, *, actor: str, via: str, reason: str) -> None:
    await audit.record(
        uow,
        event,
        actor=actor,
        via=via,
        person_id=person.id,
        address=person.main_address,
        detail={"reason": reason, "person": person.id},
    )
