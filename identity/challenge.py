"""Adding an address to one's account: the mail proves the address, the session proves the account, and both are needed (row 108)."""

from identity import attempts, life_mails, mails, tickets
from identity.actor import Actor
from identity.consent import ConsentAsked, ask_holder
from identity.ledger import (
    CHALLENGE_LIFETIME,
    AddressTaken,
    add_candidate,
    effective_addresses,
    prove,
    read_address,
)
from identity.reach import reach_of, ref_of
from identity.secret import code_hash, code_is_right, new_code, shown_code
from identity.sign_in import CODE_TRIES, WrongCode
from identity.standing import fresh_session, own_session
from identity.tickets import TicketInvalid
from mail.address import address_key
from storage import audit, ledger, people
from storage import tickets as ticket_rows
from storage.database import Database, UnitOfWork
from storage.tables.access import Session, Ticket
from storage.tables.people import LedgerRow, Person
from storage.tables.words import AddressSource, Strength, TicketPurpose

_PURPOSES = (TicketPurpose.LINK_ADDRESS,)


async def link_address(uow: UnitOfWork, actor: Actor, address: str) -> LedgerRow:
    """Ask to add an address: a mail with a code and a link goes there, and until it is answered nothing is granted.

    It will count as far as the session reaches. The answer is the same, and so is the work, when the address is somebody
    else's: only the mail says so. Raises SignInNeeded, Invalid, TooManyAddresses, TooMany.
    """
    person, session = fresh_session(actor, uow.now)
    parsed = read_address(address, "email")
    counted = await attempts.take(
        uow,
        [
            (attempts.LINK_PAIR, f"{parsed.key} {person.id}"),
            (attempts.LINK_ADDRESS, parsed.key),
            (attempts.LINK_PERSON, str(person.id)),
        ],
    )
    ref = ref_of(await reach_of(uow, session))
    row = await add_candidate(uow, person.id, str(parsed), source=AddressSource.CHALLENGE, source_ref=ref)
    await ticket_rows.void(uow, [each.id for each in await _pending(uow, session, parsed.key)])
    code = new_code()
    secret = await tickets.issue(
        uow,
        TicketPurpose.LINK_ADDRESS,
        robot_id=actor.robot.id,
        address=row.address,
        person_id=person.id,
        session_id=session.id,
        payload={"code": code_hash(uow.site, code, _binding(session, row.address)), "counted": counted},
    )
    await _mail(uow, actor, person, row, secret, code)
    return row


async def confirm_address(db: Database, actor: Actor, address: str, code: str) -> LedgerRow:
    """Answer the challenge with the code from the mail, in the session that asked.

    It opens its own transaction, so that a wrong code is counted. After five, or an hour, or from another session, the
    answer is TicketInvalid; WrongCode before that. ConsentAsked when another account has the address: whoever reads its
    mail may know that, and its holder is asked whether it may go over.
    """
    person, session = own_session(actor)
    key = read_address(address, "email").key
    async with db.write() as uow:
        row = await _answered(uow, actor, person, session, key, code)
    if row is None:
        raise WrongCode(path=("code",))
    if row.proved_at is None:
        raise ConsentAsked(path=("email",))
    return row


async def confirm_by_ticket(uow: UnitOfWork, actor: Actor, secret: str) -> LedgerRow:
    """Answer the challenge with the link from the mail, in the session that asked; in any other it is TicketInvalid.

    The row that comes back is not proved where another account has the address: its holder was asked.
    """
    person, session = own_session(actor)
    ticket = await tickets.look(uow, secret)
    if ticket is None or (ticket.person_id, ticket.session_id) != (person.id, session.id):
        raise TicketInvalid
    return await _link(uow, actor, person, session, await tickets.redeem(uow, secret, *_PURPOSES))


async def reject_by_ticket(uow: UnitOfWork, secret: str) -> str:
    """Refuse a request to add the address that the mail went to, from any browser; the address. Raises TicketInvalid."""
    ticket = await tickets.redeem(uow, secret, *_PURPOSES)
    assert ticket.person_id is not None
    await ledger.drop_candidates(uow, ticket.person_id, address_key(ticket.address))
    await audit.record(
        uow,
        "address_refused",
        actor=ticket.address,
        via="ticket",
        robot_id=ticket.robot_id,
        person_id=ticket.person_id,
        address=ticket.address,
    )
    return ticket.address


async def _mail(
    uow: UnitOfWork, actor: Actor, person: Person, row: LedgerRow, secret: str, code: str
) -> None:
    holder = await people.by_proved_address(uow, row.address_key, actor.robot.id)
    # Asked in either case, so that both take as long; mail goes to the spelling that was proved (pitfall 8).
    known = await ledger.of_address(uow, person.id if holder is None else holder.id, row.address_key)
    if holder is None or holder.id == person.id:
        await mails.link(uow, actor.robot, known[0].address, asker=actor.sender, secret=secret, code=code)
    else:
        await life_mails.link_taken(
            uow, actor.robot, known[0].address, asker=actor.sender, code=shown_code(code)
        )


async def _answered(
    uow: UnitOfWork, actor: Actor, person: Person, session: Session, key: str, code: str
) -> LedgerRow | None:
    """The row that was proved, or None for a wrong code."""
    pending = await _pending(uow, session, key)
    if not pending:
        raise TicketInvalid
    ticket = await ticket_rows.count_try(uow, pending[0].id, _PURPOSES, at_most=CODE_TRIES)
    if ticket is None:
        raise TicketInvalid
    expected = tickets.payload(ticket)["code"]
    if not code_is_right(uow.site, code, _binding(session, ticket.address), expected):
        return None
    used = await ticket_rows.use(uow, ticket.id, _PURPOSES)
    if used is None:
        raise TicketInvalid
    return await _link(uow, actor, person, session, used)


async def _link(uow: UnitOfWork, actor: Actor, person: Person, session: Session, ticket: Ticket) -> LedgerRow:
    await attempts.give_back(uow, tickets.payload(ticket)["counted"])
    before = await effective_addresses(uow, person.id, actor.robot.id)
    source, strength = AddressSource.CHALLENGE, Strength.MD5
    reach = await reach_of(uow, session)
    try:
        row = await prove(
            uow,
            person.id,
            ticket.address,
            source=source,
            source_ref=ref_of(reach),
            strength=strength,
            robot_id=reach,
            expires_at=uow.now + CHALLENGE_LIFETIME,
        )
    except AddressTaken:
        await ask_holder(
            uow,
            actor.robot,
            person,
            ticket.address,
            source=source,
            strength=strength,
            counts_in=reach,
            lasts=CHALLENGE_LIFETIME,
        )
        return await add_candidate(uow, person.id, ticket.address, source=source, source_ref=ref_of(reach))
    await audit.record(
        uow,
        "address_linked",
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=person.id,
        address=row.address,
    )
    # To an address that was in force before: never to the new one, nor to one that lapsed.
    for known in before[:1]:
        await mails.linked(uow, actor.robot, known.address, address=row.address)
    return row


async def _pending(uow: UnitOfWork, session: Session, key: str) -> list[Ticket]:
    found = await ticket_rows.of_session(uow, session.id, TicketPurpose.LINK_ADDRESS)
    return [each for each in found if address_key(each.address) == key]


def _binding(session: Session, address: str) -> str:
    return f"{session.id} {address}"
