"""An account leaves its lists and goes, in one transaction that looks once more whether it may (row 129)."""

from dataclasses import dataclass, replace

from identity import removal, tickets
from identity.actor import Actor
from identity.entrance import actor_for_command
from identity.refusal import Refused
from lists import joining
from lists.authorize import authorize
from scenarios.decision import Decision
from storage import lists, people, removals, robots
from storage.database import Database, Reader, UnitOfWork
from storage.tables.account_life import Removal, RemovalReason
from storage.tables.lists import MailingList, Membership
from storage.tables.people import Person
from storage.tables.words import Origin, TicketPurpose

_BATCH = 200
# The rule's own no, or its question to the owners; a question to the address has been answered by the ticket.
_KEPT = frozenset({"reject", "owner"})


@dataclass(frozen=True, slots=True)
class Departure:
    """What an account is on, and what its rule says: what may not leave stays, as the address's own."""

    mlist: MailingList
    membership: Membership
    decision: Decision

    @property
    def leaves(self) -> bool:
        """Whether the subscription ends with the account."""
        return self.decision.action not in _KEPT and self.membership.origin is not Origin.INCLUDED


async def departures(reader: Reader, actor: Actor, person: Person) -> list[Departure]:
    """What would become of the account's subscriptions, each list's own rule `unsubscribe` being asked."""
    held = await removals.memberships_of(reader, person.id)
    there = await lists.by_ids(reader, sorted({each.list_id for each in held}))
    return [await _departure(reader, actor, there[each.list_id], each) for each in held]


async def remove_account(uow: UnitOfWork, actor: Actor, person: Person, *, reason: str) -> list[Departure]:
    """Take the account off its lists and remove it for good; what came of each subscription. Raises InOffice."""
    await removal.require_no_office(uow, person)
    found = await departures(uow, actor, person)
    for each in found:
        if each.leaves:
            await joining.leave(uow, actor, each.mlist, each.membership, each.decision, quiet=True)
    await removal.erase(uow, person, reason=reason, actor=actor.sender, via=actor.via)
    return found


async def _departure(reader: Reader, actor: Actor, mlist: MailingList, membership: Membership) -> Departure:
    asker = actor
    if not actor.is_operator and mlist.robot_id != actor.robot.id:
        robot = await robots.by_id(reader, mlist.robot_id)
        assert robot is not None
        asker = replace(await actor_for_command(reader, robot, actor.sender), via=actor.via)
    decision = await authorize(reader, asker, "unsubscribe", mlist=mlist, email=membership.address)
    return Departure(mlist, membership, decision)


async def remove_by_ticket(uow: UnitOfWork, secret: str) -> list[Departure]:
    """The button in the mail that asked whether to remove the account. Raises TicketInvalid, InOffice."""
    ticket = await tickets.redeem(uow, secret, TicketPurpose.REMOVE_ACCOUNT)
    person = await removal.person_of_ticket(uow, ticket)
    robot = await robots.by_id(uow, ticket.robot_id)
    assert robot is not None
    actor = replace(await actor_for_command(uow, robot, ticket.address), via="ticket")
    if actor.person is None or actor.person.id != person.id:
        raise tickets.TicketInvalid
    return await remove_account(uow, actor, person, reason="asked")


async def sweep(db: Database, operator: Actor) -> int:
    """Mark what nobody uses, and remove what was marked long enough ago and is still not used; how many went.

    Each account is looked at once more in the transaction that removes it: a subscription or a sign-in keeps it.
    """
    await removal.mark_unused(db)
    gone = 0
    while True:
        async with db.read() as reader:
            due = await removals.due(reader, limit=_BATCH)
        for each in due:
            async with db.write() as uow:
                gone += await _settle(uow, operator, each)
        if len(due) < _BATCH:
            return gone


async def _settle(uow: UnitOfWork, operator: Actor, marked: Removal) -> bool:
    person = await people.find(uow, marked.person_id)
    if person is None:
        return False
    if marked.reason is RemovalReason.UNUSED:
        if not await removal.still_unused(uow, person.id):
            await removal.cancel(uow, person, why="used")
            return False
        await removal.erase(uow, person, reason="unused", actor="server", via="sweep")
        return True
    if await _is_used_since(uow, person, marked.started_at):
        await removal.cancel(uow, person, why="used")
        return False
    try:
        await remove_account(uow, operator, person, reason="operator")
    except Refused:
        await removal.cancel(uow, person, why="in office")
        return False
    return True


async def _is_used_since(uow: UnitOfWork, person: Person, since: int) -> bool:
    held = await removals.memberships_of(uow, person.id)
    return any(each.subscribed_at > since for each in held)
