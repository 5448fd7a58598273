"""The ledger of addresses: who says that an address is whose, and which of them count here and now (rows 103, 108, 117 to 121)."""

from collections.abc import Iterable

from identity.actor import Actor
from identity.reach import OnlyHere, reach_of
from identity.refusal import Conflict, Forbidden, Invalid, NotFound, Taken
from identity.standing import fresh_session
from mail.address import Address, BadAddress, address_key, parse_address
from mail.instant import DAY
from storage import alerts, audit, bouncing, ledger, people, sessions, tickets, turns
from storage.database import Reader, UnitOfWork
from storage.tables.account_life import AlertKind
from storage.tables.people import LedgerRow, Person
from storage.tables.words import AddressSource, Strength, TicketPurpose

MOST_ADDRESSES = 50
# A challenge holds for a year, counted anew from each time that it is answered (row 119).
CHALLENGE_LIFETIME = 365 * DAY


class AddressTaken(Taken):
    """This address belongs to another account; remove it there first."""


class TooManyAddresses(Invalid):
    """An account has at most 50 addresses; remove one first."""


class MainAddressStays(Forbidden):
    """This is the main address; make another one the main address first."""


class LastWayIn(Forbidden):
    """This is your last way to sign in; add another address first."""


class NotInForce(Conflict):
    """This address has to be proved first."""


def read_address(text: str, *path: str) -> Address:
    """The address that somebody typed; raises Invalid, naming `path`."""
    try:
        return parse_address(text)
    except BadAddress as problem:
        raise Invalid(str(problem), path=path or None) from problem


async def effective_addresses(reader: Reader, person_id: int, robot_id: int | None) -> list[LedgerRow]:
    """For each address that counts in this robot now, its best row: strongest, then longest-lived; main address first.

    Computed from the clock at each call: an expired row gives nothing, whether or not a clean-up ran (row 119).
    """
    return best_rows(await ledger.live(reader, person_id, robot_id))


def best_rows(rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """Of live rows the best for each address, in the order in which the addresses come first."""
    best: dict[str, LedgerRow] = {}
    for row in rows:
        known = best.get(row.address_key)
        if known is None or _goodness(row) > _goodness(known):
            best[row.address_key] = row
    return [*best.values()]


async def effective_row(reader: Reader, person_id: int, robot_id: int | None, key: str) -> LedgerRow | None:
    """The best row of one address, when it counts."""
    rows = await effective_addresses(reader, person_id, robot_id)
    return next((row for row in rows if row.address_key == key), None)


async def all_addresses(reader: Reader, person_id: int) -> list[LedgerRow]:
    """Every row of the person, candidates and expired ones too, main address first."""
    return await ledger.of_people(reader, [person_id])


async def add_candidate(
    uow: UnitOfWork,
    person_id: int,
    address: str,
    *,
    source: AddressSource,
    source_ref: str = "",
    strength: Strength = Strength.MD5,
) -> LedgerRow:
    """Note a claim, which grants nothing (row 118); what this source said before stays. Raises TooManyAddresses."""
    parsed = read_address(address)
    known = await ledger.of_address(uow, person_id, parsed.key)
    if not known and await ledger.count(uow, person_id) >= MOST_ADDRESSES:
        raise TooManyAddresses
    await ledger.add_candidate(
        uow,
        person_id=person_id,
        address=str(parsed),
        address_key=parsed.key,
        source=source,
        source_ref=source_ref,
        strength=strength,
    )
    rows = await ledger.of_address(uow, person_id, parsed.key)
    return next(row for row in rows if (row.source, row.source_ref) == (source, source_ref))


async def prove(
    uow: UnitOfWork,
    person_id: int,
    address: str,
    *,
    source: AddressSource,
    strength: Strength,
    source_ref: str = "",
    robot_id: int | None = None,
    expires_at: int | None = None,
) -> LedgerRow:
    """Let the address count as this person's, because `source` showed it. Raises AddressTaken.

    An address is with one person at a time in each robot: it goes over only when nothing of its former holder is in force.
    A proof that holds on the whole server outranks what a single robot's provider said of somebody else (decision 11).
    Such a proof also ends whatever others claimed about the address, and the accounts that never proved any, with their
    passwords, sessions and linked identities (pitfall 1); open challenges grant nothing and lapse unnoticed. `source_ref` names the provider and its robot.
    """
    parsed = read_address(address)
    await _hold(uow, person_id, parsed.key, robot_id)
    if source is AddressSource.CHALLENGE:
        await _answers(uow, person_id, parsed.key)
    if robot_id is None:
        await ledger.drop_of_others(uow, parsed.key, keeper=person_id)
        await people.drop_unproved(uow, parsed.key, keeper=person_id)
    return await ledger.put_proved(
        uow,
        person_id=person_id,
        robot_id=robot_id,
        address=str(parsed),
        address_key=parsed.key,
        source=source,
        source_ref=source_ref,
        strength=strength,
        expires_at=expires_at,
    )


async def confirm(uow: UnitOfWork, person_id: int, address: str) -> None:
    """Extend the challenge rows of an address whose mailbox was just shown to be the person's; expired ones stay so."""
    until = uow.now + CHALLENGE_LIFETIME
    await ledger.confirm(uow, person_id, address_key(address), AddressSource.CHALLENGE, until=until)
    await _answers(uow, person_id, address_key(address))


async def _answers(uow: UnitOfWork, person_id: int, key: str) -> None:
    """Forget that mail to an address came back, now that somebody has read some (row 133)."""
    if await bouncing.answered(uow, key):
        await alerts.settle(uow, person_id, AlertKind.ADDRESS_BOUNCES, key)
        await alerts.settle(uow, person_id, AlertKind.DELIVERY_STOPPED, key)


async def own_row(reader: Reader, person_id: int, row_id: int) -> LedgerRow:
    """This person's row; raises NotFound for anybody else's."""
    row = await ledger.find(reader, row_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    return row


async def unlink(uow: UnitOfWork, actor: Actor, row_id: int) -> LedgerRow:
    """Drop an address, whatever sources speak for it; sessions under it end at once, and pending challenges too.

    Subscriptions under it are the lists' business. Raises NotFound, MainAddressStays, LastWayIn, SignInNeeded, OnlyHere.
    """
    person, session = fresh_session(actor, uow.now)
    await turns.take(uow, [f"person {person.id}"])
    row = await own_row(uow, person.id, row_id)
    reach = await reach_of(uow, session)
    said = await ledger.of_address(uow, person.id, row.address_key)
    if reach is not None and any(each.proved_at is not None and each.robot_id != reach for each in said):
        raise OnlyHere
    if row.address_key == person.main_key:
        raise MainAddressStays
    staying = [
        each
        for each in await effective_addresses(uow, person.id, actor.robot.id)
        if each.address_key != row.address_key
    ]
    if not staying:
        raise LastWayIn
    await ledger.release(uow, person.id, row.address_key)
    opened_under = [
        each.id
        for each in await sessions.of_person(uow, person.id)
        if address_key(each.address) == row.address_key
    ]
    await sessions.revoke(uow, person.id, opened_under)
    await _void_challenges(uow, session.id, row.address_key)
    await _record(uow, actor, "address_unlinked", row.address)
    return row


async def set_main(uow: UnitOfWork, actor: Actor, row_id: int) -> Person:
    """Make an address the main one; it must be in force here. Raises NotFound, NotInForce, SignInNeeded, OnlyHere."""
    person, session = fresh_session(actor, uow.now)
    row = await own_row(uow, person.id, row_id)
    effective = await effective_row(uow, person.id, actor.robot.id, row.address_key)
    if effective is None:
        raise NotInForce
    # What is written to the main address of other domains must not go to one that counts only here.
    if await reach_of(uow, session) is not None and await effective_row(
        uow, person.id, None, person.main_key
    ):
        raise OnlyHere
    await _record(uow, actor, "main_address_set", effective.address)
    return await people.set_main(uow, person.id, address=effective.address, address_key=effective.address_key)


async def _hold(uow: UnitOfWork, person_id: int, key: str, robot_id: int | None) -> None:
    """Take the lock of an address, and the address itself where nobody else has it here; raises AddressTaken.

    What another robot's provider says of somebody else stands beside what this one's says (decision 11).
    """
    holder = await ledger.hold(uow, key, person_id)
    others = await ledger.in_force_of_others(uow, key, person_id)
    if any(row.robot_id is None or row.robot_id == robot_id for row in others):
        raise AddressTaken
    if robot_id is None or holder not in {row.person_id for row in others}:
        await ledger.move_hold(uow, key, person_id)


async def _void_challenges(uow: UnitOfWork, session_id: int, key: str) -> None:
    pending = await tickets.of_session(uow, session_id, TicketPurpose.LINK_ADDRESS)
    await tickets.void(uow, [each.id for each in pending if address_key(each.address) == key])


async def _record(uow: UnitOfWork, actor: Actor, event: str, address: str) -> None:
    assert actor.person is not None
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=actor.person.id,
        address=address,
    )


def _goodness(row: LedgerRow) -> tuple[Strength, bool, int]:
    return row.strength, row.expires_at is None, row.expires_at or 0
