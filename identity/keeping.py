"""Addresses that soon stop counting: their people are told through another address, and may show once more that they are theirs (row 119)."""

from identity import life_mails, tickets
from identity.ledger import CHALLENGE_LIFETIME, confirm, effective_addresses, prove
from identity.reach import ref_of
from identity.tickets import TicketInvalid
from mail.address import address_key
from mail.instant import DAY
from storage import alerts, audit, lapsing, ledger, people, robots, sessions
from storage.database import Database, Reader, UnitOfWork
from storage.tables.access import Ticket
from storage.tables.account_life import AlertKind
from storage.tables.lists import Robot
from storage.tables.people import LedgerRow, Person
from storage.tables.words import AddressSource, Strength, TicketPurpose

NOTICE = 14 * DAY
_BATCH = 200
# What shows that an address is its writer's is written down once a day, not at each message.
_CONFIRMED_LATELY = DAY


async def warn_of_lapsing(db: Database) -> int:
    """Warn everybody one of whose addresses stops counting within 14 days, once for each address and end; how many."""
    warned = 0
    while True:
        # Looked for outside of the transaction: the whole ledger is read, and others want to write.
        async with db.read() as reader:
            rows = await lapsing.soon(reader, notice=NOTICE, limit=_BATCH)
        async with db.write() as uow:
            for row in rows:
                await _warn(uow, row)
        warned += len(rows)
        if len(rows) < _BATCH:
            return warned


async def ask_address(uow: UnitOfWork, secret: str) -> str:
    """Ask the address itself, after the button in the warning; the address. Raises TicketInvalid."""
    ticket = await tickets.redeem(uow, secret, TicketPurpose.KEEP_ADDRESS)
    person, robot, row = await lapsing_row(uow, ticket)
    await _mail_itself(uow, robot, person, row)
    return row.address


async def keep_address(uow: UnitOfWork, secret: str) -> str:
    """The address's own yes: it counts for a year more, from now; the address. Raises TicketInvalid.

    An address that a provider vouched for is then shown by its mailbox as well, where that one's word counts.
    """
    ticket = await tickets.redeem(uow, secret, TicketPurpose.KEEP_ADDRESS)
    person, robot, row = await lapsing_row(uow, ticket)
    if not tickets.payload(ticket)["is_itself"]:
        raise TicketInvalid
    await prove(
        uow,
        person.id,
        row.address,
        source=AddressSource.CHALLENGE,
        source_ref=ref_of(row.robot_id),
        strength=Strength.MD5,
        robot_id=row.robot_id,
        expires_at=uow.now + CHALLENGE_LIFETIME,
    )
    await alerts.settle(uow, person.id, AlertKind.ADDRESS_LAPSES, row.address_key)
    await _record(uow, "address_kept", robot, person, row.address)
    return row.address


async def give_up_address(uow: UnitOfWork, secret: str) -> str:
    """The address's own no: whoever reads its mail now is not its account's person; it leaves the account (pitfall 4).

    The only address leaves, too: as long as it counted, a mail to it would open the account to a stranger. Raises
    TicketInvalid.
    """
    ticket = await tickets.redeem(uow, secret, TicketPurpose.KEEP_ADDRESS)
    person, robot, row = await lapsing_row(uow, ticket)
    if not tickets.payload(ticket)["is_itself"]:
        raise TicketInvalid
    rows = await effective_addresses(uow, person.id, robot.id)
    staying = [each for each in rows if each.address_key != row.address_key]
    if row.address_key == person.main_key and staying:
        await people.set_main(uow, person.id, address=staying[0].address, address_key=staying[0].address_key)
    await ledger.release(uow, person.id, row.address_key)
    ended = [
        each.id
        for each in await sessions.of_person(uow, person.id)
        if address_key(each.address) == row.address_key
    ]
    await sessions.revoke(uow, person.id, ended)
    await _record(uow, "address_given_up", robot, person, row.address)
    return row.address


async def lapsing_row(reader: Reader, ticket: Ticket) -> tuple[Person, Robot, LedgerRow]:
    """Whose address a ticket is about, where, and its row, while it still counts; raises TicketInvalid."""
    row = await ledger.find(reader, int(tickets.payload(ticket)["row"]))
    person = None if row is None else await people.find(reader, row.person_id)
    robot = await robots.by_id(reader, ticket.robot_id)
    if row is None or person is None or robot is None or person.id != ticket.person_id:
        raise TicketInvalid
    effective = await effective_addresses(reader, person.id, robot.id)
    if row.address_key not in {each.address_key for each in effective}:
        raise TicketInvalid
    return person, robot, row


async def confirm_by_mail(uow: UnitOfWork, robot: Robot, person: Person, address: str) -> None:
    """Slide an address's expiry because a mail came that it demonstrably wrote, where the robot lets that count."""
    rows = await ledger.of_address(uow, person.id, address_key(address))
    stale = [
        row
        for row in rows
        if row.source is AddressSource.CHALLENGE
        and row.confirmed_at is not None
        and uow.now - row.confirmed_at > _CONFIRMED_LATELY
    ]
    if robot.dkim_confirms and stale:
        await confirm(uow, person.id, address)


async def _warn(uow: UnitOfWork, row: LedgerRow) -> None:
    """Through another address; where there is none, through the lapsing one, which still counts until then.

    That grants nobody anything: whoever reads its mail could sign in with a ticket as well.
    """
    assert row.expires_at is not None
    is_new = await alerts.add(
        uow,
        row.person_id,
        AlertKind.ADDRESS_LAPSES,
        address_key=row.address_key,
        moment=row.expires_at,
        detail={"address": row.address, "until": row.expires_at},
    )
    if not is_new:
        return
    person = await people.find(uow, row.person_id)
    robot = await _robot_for(uow, row)
    if person is None or robot is None:
        return
    others = [
        each
        for each in await effective_addresses(uow, person.id, robot.id)
        if each.address_key != row.address_key
    ]
    lasting = [each for each in others if each.expires_at is None or each.expires_at > uow.now + NOTICE]
    for other in (lasting or others)[:1]:
        secret = await _ticket(uow, robot, row, other.address, is_itself=False)
        await life_mails.lapses(
            uow, robot, other.address, address=row.address, until=row.expires_at, secret=secret
        )
        return
    await _mail_itself(uow, robot, person, row)


async def _mail_itself(uow: UnitOfWork, robot: Robot, person: Person, row: LedgerRow) -> None:
    secret = await _ticket(uow, robot, row, row.address, is_itself=True)
    await life_mails.keep(uow, robot, row.address, owner=person.main_address, secret=secret)


async def _ticket(uow: UnitOfWork, robot: Robot, row: LedgerRow, to: str, *, is_itself: bool) -> str:
    assert row.expires_at is not None
    return await tickets.issue(
        uow,
        TicketPurpose.KEEP_ADDRESS,
        robot_id=robot.id,
        address=to,
        person_id=row.person_id,
        payload={"row": row.id, "is_itself": is_itself},
        lifetime=row.expires_at - uow.now,
    )


async def _robot_for(uow: UnitOfWork, row: LedgerRow) -> Robot | None:
    """The robot whose provider vouches; else the one where the person was last, else the first."""
    if row.robot_id is not None:
        return await robots.by_id(uow, row.robot_id)
    return await home_of(uow, row.person_id)


async def home_of(reader: Reader, person_id: int) -> Robot | None:
    """The robot that writes to a person: where they are signed in, newest session first, or else the first of all."""
    opened = await sessions.of_person(reader, person_id)
    if opened:
        return await robots.by_id(reader, opened[0].robot_id)
    return next(iter(await robots.every(reader)), None)


async def _record(uow: UnitOfWork, event: str, robot: Robot, person: Person, address: str) -> None:
    await audit.record(
        uow,
        event,
        actor=address,
        via="ticket",
        robot_id=robot.id,
        person_id=person.id,
        address=address,
    )
