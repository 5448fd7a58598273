"""An address that one person has shown and another one has: it moves, or the accounts are joined, when the holder agrees (rows 103, 108).

The asker's side is a code from the address's own mail, or a provider that may vouch for it; the holder's side is a page behind a ticket
to the main address of the account. Until both have spoken nothing moves, and the asker learns nothing of the account.
"""

from dataclasses import dataclass

from identity import attempts, life_mails, mails, merging, tickets
from identity.actor import Actor
from identity.ledger import AddressTaken, effective_addresses, prove
from identity.reach import require_reach
from identity.refusal import Conflict, TooMany
from identity.standing import fresh_session
from identity.tickets import TicketInvalid
from mail.address import address_key
from mail.instant import DAY
from storage import address_claims, alerts, audit, ledger, people, robots, sessions
from storage.database import Reader, UnitOfWork
from storage.tables.access import Ticket
from storage.tables.account_life import AddressClaim, AlertKind
from storage.tables.lists import Robot
from storage.tables.people import LedgerRow, Person
from storage.tables.words import AddressSource, Strength, TicketPurpose

MOVE, JOIN, REFUSE = "move", "join", "refuse"
# How long the holder is left alone after a refusal, or after not answering, before a provider's word asks again.
_NOT_AGAIN = 90 * DAY


class ConsentAsked(AddressTaken):
    """This address belongs to another account; its holder was asked now, and it comes over when they agree."""


class LastAddress(Conflict):
    """This is the only address of the account: join the two accounts instead, or refuse."""


class SignInToJoin(Conflict):
    """Sign in to the account that has the address, in this browser, and open this page again to join the two."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a holder is asked: who wants the address, and what can be answered."""

    claim: AddressClaim
    asker: Person
    holder: Person
    robot: Robot
    can_move: bool
    can_join: bool


async def ask_holder(
    uow: UnitOfWork,
    robot: Robot,
    asker: Person,
    address: str,
    *,
    source: AddressSource,
    strength: Strength,
    lasts: int,
    source_ref: str = "",
    counts_in: int | None = None,
) -> None:
    """Ask whoever has the address whether it may go to the asker, whose side was shown just now.

    A mailbox's own answer asks each time (challenges are limited); a provider's word, which comes again at each
    sign-in, only once in 90 days, and whoever has many accounts there does not flood anybody's mailbox either.
    """
    key = address_key(address)
    rows = await ledger.in_force_of_others(uow, key, asker.id)
    here = [row for row in rows if row.robot_id is None or row.robot_id == counts_in]
    for holder_id in dict.fromkeys(row.person_id for row in here):
        known = await address_claims.same(uow, asker.id, holder_id, key)
        if source_ref and known is not None and uow.now - known.created_at < _NOT_AGAIN:
            continue
        if source_ref and not await _may_ask(uow, key):
            continue
        claim = await address_claims.put(
            uow,
            person_id=asker.id,
            holder_id=holder_id,
            robot_id=robot.id,
            address=address,
            address_key=key,
            source=source,
            source_ref=source_ref,
            strength=strength,
            counts_in=counts_in,
            lasts=lasts,
            expires_at=uow.now + uow.site.confirmation_lifetime,
        )
        await _mail_holder(uow, robot, asker, claim)


async def _may_ask(uow: UnitOfWork, key: str) -> bool:
    counted = [(attempts.CONSENT_ADDRESS, key)]
    try:
        await attempts.check(uow, counted)
    except TooMany:
        return False
    await attempts.take(uow, counted)
    return True


async def question(reader: Reader, ticket: Ticket, visitor: Actor | None) -> Question:
    """What the page behind the ticket asks; raises TicketInvalid where it was answered or does not hold any more."""
    claim = await address_claims.find(reader, int(tickets.payload(ticket)["claim"]))
    if claim is None or claim.holder_id != ticket.person_id:
        raise TicketInvalid
    asker = await people.find(reader, claim.person_id)
    holder = await people.find(reader, claim.holder_id)
    robot = await robots.by_id(reader, claim.robot_id)
    others = await ledger.in_force_of_others(reader, claim.address_key, claim.person_id)
    if asker is None or holder is None or robot is None or holder.id not in {row.person_id for row in others}:
        raise TicketInvalid
    staying = await _staying(reader, holder, claim, robot)
    is_holder = visitor is not None and visitor.person is not None and visitor.person.id == holder.id
    return Question(claim, asker, holder, robot, can_move=bool(staying), can_join=is_holder)


async def answer(uow: UnitOfWork, secret: str, visitor: Actor | None, choice: str) -> Question:
    """Do what the holder says: move the address, join the accounts, or neither.

    Joining asks for a fresh sign-in to the holder's account in the browser that answers. Raises TicketInvalid,
    LastAddress, SignInToJoin, SignInNeeded; a refusal leaves the ticket as good as it was.
    """
    ticket = await tickets.redeem(uow, secret, TicketPurpose.CONSENT_ADDRESS)
    asked = await question(uow, ticket, visitor)
    if choice == JOIN and (not asked.can_join or visitor is None):
        raise SignInToJoin
    if choice == MOVE and not asked.can_move:
        raise LastAddress
    if choice not in (MOVE, JOIN, REFUSE) or not await address_claims.decide(uow, asked.claim.id, choice):
        raise TicketInvalid
    await alerts.settle(uow, asked.holder.id, _kind(asked.claim), asked.claim.address_key)
    if choice == JOIN and visitor is not None:
        _, session = fresh_session(visitor, uow.now)
        await require_reach(uow, session)
        await merging.merge(
            uow, asked.robot, asked.asker, asked.holder, actor=asked.holder.main_address, via="ticket"
        )
    elif choice == MOVE:
        await _move(uow, asked)
    await audit.record(
        uow,
        f"address_claim_{choice}",
        actor=ticket.address,
        via="ticket",
        robot_id=asked.robot.id,
        person_id=asked.holder.id,
        address=asked.claim.address,
        detail={"asker": asked.asker.main_address},
    )
    return asked


async def _mail_holder(uow: UnitOfWork, robot: Robot, asker: Person, claim: AddressClaim) -> None:
    # To one that counts as far as what is asked for: another might be known by this robot's provider alone.
    rows = await effective_addresses(uow, claim.holder_id, None)
    rows = rows or await effective_addresses(uow, claim.holder_id, robot.id)
    if not rows:
        return
    secret = await tickets.issue(
        uow,
        TicketPurpose.CONSENT_ADDRESS,
        robot_id=robot.id,
        address=rows[0].address,
        person_id=claim.holder_id,
        payload={"claim": claim.id},
        lifetime=uow.site.confirmation_lifetime,
    )
    await life_mails.consent(
        uow, robot, rows[0].address, asker=asker.main_address, address=claim.address, secret=secret
    )
    await alerts.add(
        uow,
        claim.holder_id,
        _kind(claim),
        address_key=claim.address_key,
        moment=uow.now,
        detail={"address": claim.address, "asker": asker.main_address},
    )


def _kind(claim: AddressClaim) -> AlertKind:
    """A provider that vouches for the address in another account has most likely met the same person twice."""
    return AlertKind.SECOND_ACCOUNT if claim.source_ref else AlertKind.ADDRESS_CONFLICT


async def _staying(reader: Reader, holder: Person, claim: AddressClaim, robot: Robot) -> list[LedgerRow]:
    rows = await effective_addresses(reader, holder.id, robot.id)
    return [row for row in rows if row.address_key != claim.address_key]


async def _move(uow: UnitOfWork, asked: Question) -> None:
    claim, holder = asked.claim, asked.holder
    staying = await _staying(uow, holder, claim, asked.robot)
    if holder.main_key == claim.address_key:
        await people.set_main(uow, holder.id, address=staying[0].address, address_key=staying[0].address_key)
    await ledger.release(uow, holder.id, claim.address_key)
    ended = [
        each.id
        for each in await sessions.of_person(uow, holder.id)
        if address_key(each.address) == claim.address_key
    ]
    await sessions.revoke(uow, holder.id, ended)
    before = await effective_addresses(uow, asked.asker.id, asked.robot.id)
    row = await prove(
        uow,
        asked.asker.id,
        claim.address,
        source=claim.source,
        source_ref=claim.source_ref,
        strength=claim.strength,
        robot_id=claim.counts_in,
        expires_at=uow.now + claim.lasts,
    )
    await life_mails.moved(
        uow, asked.robot, staying[0].address, address=row.address, asker=asked.asker.main_address
    )
    for known in before[:1]:
        await mails.linked(uow, asked.robot, known.address, address=row.address)
    await audit.record(
        uow,
        "address_moved",
        actor=asked.asker.main_address,
        via="ticket",
        robot_id=asked.robot.id,
        person_id=asked.asker.id,
        address=row.address,
        detail={"from": holder.main_address},
    )
