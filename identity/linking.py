"""From evidence to a person: who somebody's account at a provider belongs to, and what that provider's word is worth here.

The key is the provider, its issuer and the subject there, never an address (decision 14, rows 41, 103). Nobody is linked
to an account that was there before without showing that it is theirs (pitfall 5).
"""

from collections.abc import Sequence

import orjson
import structlog

from identity.auth_config import Entry
from identity.consent import ask_holder
from identity.ledger import AddressTaken, add_candidate, effective_addresses, prove
from identity.people import clean_name, create_person, find_by_address
from identity.provider import Claimed, Evidence
from identity.refusal import Invalid, Taken
from mail.address import Address, BadAddress, address_key, parse_address
from storage import alerts, attributes, audit, identities, ledger, people, turns
from storage.database import UnitOfWork
from storage.tables.account_life import AlertKind
from storage.tables.lists import Robot
from storage.tables.people import LedgerRow, Person
from storage.tables.providers import StoredAttribute
from storage.tables.words import AddressSource, Strength

log = structlog.get_logger(__name__)
MOST_CLAIMED = 30
MOST_ATTRIBUTES = 100
MOST_VALUES = 100
LONGEST_VALUE = 1_000
# Of one source about one person, all attributes together, in characters.
MOST_TEXT = 256 * 1024


class LinkedElsewhere(Taken):
    """This sign-in belongs to another account here; sign in with it, and join the two accounts there."""


async def take_turn(uow: UnitOfWork, entry: Entry, evidence: Evidence, *more: str) -> None:
    """Wait for whoever comes with the same account or addresses at the same time; `more` are addresses beside."""
    parsed = (address for each in _claims(evidence) if (address := _parsed(each)) is not None)
    addresses = {*(each.key for each in parsed), *map(address_key, more)}
    account = f"identity {entry.identity_scope} {evidence.issuer} {evidence.subject}"
    await turns.take(uow, [account, *(f"address {key}" for key in addresses)])


async def recognise(uow: UnitOfWork, robot: Robot, entry: Entry, evidence: Evidence) -> Person | None:
    """Whoever this account at the provider was linked to before; what it says about them now is noted."""
    if evidence.is_transient:
        return None
    known = await identities.find(uow, entry.identity_scope, evidence.issuer, evidence.subject)
    person = None if known is None else await people.find(uow, known.person_id)
    if known is None or person is None:
        return None
    await identities.used(uow, known.id)
    await note_evidence(uow, robot, entry, person, evidence)
    return person


async def welcome(uow: UnitOfWork, robot: Robot, entry: Entry, evidence: Evidence) -> Person | None:
    """A new person for an account that nobody has here, under the addresses that its provider may vouch for.

    None where somebody has to show first whose account it is: an address is held already, or none can be believed.
    """
    vouched = vouched_addresses(entry, evidence)
    if not vouched:
        return None
    for address in vouched:
        if await find_by_address(uow, str(address), robot_id=robot.id) is not None:
            return None
    try:
        person = await create_person(
            uow,
            str(vouched[0]),
            display_name=_name(evidence),
            source=entry.module.SOURCE,
            source_ref=entry.said_by(evidence.issuer),
            proved=True,
            strength=strength_of(entry, evidence),
            robot_id=entry.robot_id(robot),
            expires_at=uow.now + entry.addresses_last,
        )
    except AddressTaken:
        return None
    await attach(uow, robot, entry, evidence, person)
    return person


async def attach(uow: UnitOfWork, robot: Robot, entry: Entry, evidence: Evidence, person: Person) -> None:
    """Link the account at the provider to a person who showed that both are theirs; raises LinkedElsewhere.

    A subject for one visit only is not kept: its addresses count, and next time they are asked about again.
    """
    if not evidence.is_transient:
        known = await identities.find(uow, entry.identity_scope, evidence.issuer, evidence.subject)
        if known is not None and known.person_id != person.id:
            raise LinkedElsewhere
        if known is None:
            await identities.add(
                uow,
                person_id=person.id,
                robot_id=entry.robot_id(robot),
                provider=entry.identity_scope,
                issuer=evidence.issuer,
                subject=evidence.subject,
            )
            await _record(uow, robot, person, "identity_linked", person.main_address, {"provider": entry.ref})
            if person.created_at != uow.now:
                detail = {"label": entry.label, "issuer": evidence.issuer}
                await alerts.add(uow, person.id, AlertKind.IDENTITY_LINKED, moment=uow.now, detail=detail)
    await note_evidence(uow, robot, entry, person, evidence)


async def note_evidence(
    uow: UnitOfWork, robot: Robot, entry: Entry, person: Person, evidence: Evidence
) -> list[str]:
    """Write down what a provider says of a person now, in place of what it said before; the addresses in conflict.

    An address counts when the provider calls it verified and may vouch for its domain (decision 12); any other one is a
    candidate and grants nothing (row 118). What it no longer says ends at once, for this source alone (rows 51, 117).
    An address that is proved to be somebody else's stays theirs until they agree to let it go.
    """
    source, conflicts = entry.module.SOURCE, []
    proved, claimed = [], []
    for claim in _claims(evidence):
        address = _parsed(claim)
        if address is None or address.key in claimed:
            continue
        claimed.append(address.key)
        if _counts(entry, claim, address) and await _proved(uow, robot, entry, person, evidence, address):
            proved.append(address.key)
            continue
        if _counts(entry, claim, address):
            conflicts.append(str(address))
            await _record(uow, robot, person, "address_conflict", str(address), {"provider": entry.ref})
            await ask_holder(
                uow,
                robot,
                person,
                str(address),
                source=source,
                source_ref=entry.said_by(evidence.issuer),
                strength=strength_of(entry, evidence),
                counts_in=entry.robot_id(robot),
                lasts=entry.addresses_last,
            )
        await _candidate(uow, entry, person, evidence, address)
    said_by = entry.said_by(evidence.issuer)
    await ledger.expire_others(uow, person.id, source, said_by, proved=proved, claimed=claimed)
    await _note_attributes(uow, robot, entry, person, evidence)
    return conflicts


async def best_address(uow: UnitOfWork, robot: Robot, person: Person, evidence: Evidence) -> LedgerRow | None:
    """The address under which somebody comes in: one that the provider names, the main one, or any that counts here."""
    rows = {row.address_key: row for row in await effective_addresses(uow, person.id, robot.id)}
    named = [address.key for each in _claims(evidence) if (address := _parsed(each)) is not None]
    for key in (*named, person.main_key):
        if key in rows:
            return rows[key]
    return next(iter(rows.values()), None)


def addresses_to_prove(entry: Entry, evidence: Evidence) -> tuple[str, ...]:
    """What somebody may be asked to prove: the addresses that the provider names, those that it vouches for first."""
    parsed = [(each, address) for each in _claims(evidence) if (address := _parsed(each)) is not None]
    first = [str(address) for each, address in parsed if _counts(entry, each, address)]
    return tuple(dict.fromkeys([*first, *(str(address) for _, address in parsed)]))


def says_the_same(
    entry: Entry,
    evidence: Evidence,
    rows: Sequence[LedgerRow],
    known: Sequence[StoredAttribute],
    now: int,
) -> bool:
    """Whether a provider says of a person what it said before; `rows` and `known` are all that it ever said of them."""
    parsed = [(each, address) for each in _claims(evidence) if (address := _parsed(each)) is not None]
    proved = {
        address.key: str(address) for each, address in reversed(parsed) if _counts(entry, each, address)
    }
    claimed = {address.key for _, address in parsed} - proved.keys()
    counting = {
        row.address_key: row.address
        for row in rows
        if row.proved_at is not None and (row.expires_at is None or row.expires_at > now)
    }
    noted = {row.address_key for row in rows if row.proved_at is None}
    ended = {row.address_key for row in rows} - noted - counting.keys()
    holds = {
        each.name: each.values_json for each in known if each.expires_at is None or each.expires_at > now
    }
    return counting == proved and noted <= claimed <= noted | ended and holds == _stored_attributes(evidence)


def _stored_attributes(evidence: Evidence) -> dict[str, str]:
    """Each attribute's values as they are stored, bounded."""
    names = [name for name in evidence.attributes if name][:MOST_ATTRIBUTES]
    found, left = {}, MOST_TEXT
    for name in names:
        values = [value[:LONGEST_VALUE] for value in evidence.attributes[name][:MOST_VALUES]]
        text = orjson.dumps(values).decode()
        left -= len(text)
        if left >= 0:
            found[name[:LONGEST_VALUE]] = text
    return found


def vouched_addresses(entry: Entry, evidence: Evidence) -> list[Address]:
    """The addresses that count because this provider says so; any other one that it names is a candidate (decision 12)."""
    parsed = ((each, _parsed(each)) for each in _claims(evidence))
    return [address for each, address in parsed if address is not None and _counts(entry, each, address)]


def _claims(evidence: Evidence) -> tuple[Claimed, ...]:
    return evidence.addresses[:MOST_CLAIMED]


def _parsed(claim: Claimed) -> Address | None:
    try:
        return parse_address(claim.address)
    except BadAddress:
        return None


def _counts(entry: Entry, claim: Claimed, address: Address) -> bool:
    return claim.is_verified and entry.is_authoritative_for(address.domain)


def strength_of(entry: Entry, evidence: Evidence) -> Strength:
    """How surely the evidence proves an address."""
    # Only a certificate that names the address proves as much as a signature does (row 121).
    most = Strength.SMIME if entry.module.SOURCE is AddressSource.X509_SAN else Strength.MD5
    return min(evidence.strength, most)


async def _proved(
    uow: UnitOfWork, robot: Robot, entry: Entry, person: Person, evidence: Evidence, address: Address
) -> bool:
    try:
        await prove(
            uow,
            person.id,
            str(address),
            source=entry.module.SOURCE,
            source_ref=entry.said_by(evidence.issuer),
            strength=strength_of(entry, evidence),
            robot_id=entry.robot_id(robot),
            expires_at=uow.now + entry.addresses_last,
        )
    except AddressTaken:
        return False
    return True


async def _candidate(
    uow: UnitOfWork, entry: Entry, person: Person, evidence: Evidence, address: Address
) -> None:
    try:
        await add_candidate(
            uow,
            person.id,
            str(address),
            source=entry.module.SOURCE,
            source_ref=entry.said_by(evidence.issuer),
        )
    except Invalid as refused:
        # The person has as many as one may have: a claim more changes nothing.
        log.info("claim_not_noted", provider=entry.ref, reason=refused.message)


async def _note_attributes(
    uow: UnitOfWork, robot: Robot, entry: Entry, person: Person, evidence: Evidence
) -> None:
    texts = _stored_attributes(evidence)
    await attributes.put_many(
        uow,
        [
            {
                "person_id": person.id,
                "robot_id": entry.robot_id(robot),
                "name": name,
                "values_json": text,
                "source": entry.module.SOURCE.value,
                "source_ref": entry.said_by(evidence.issuer),
                "expires_at": uow.now + entry.addresses_last,
            }
            for name, text in texts.items()
        ],
    )
    said_by = entry.said_by(evidence.issuer)
    await attributes.expire_others(uow, person.id, entry.module.SOURCE.value, said_by, [*texts])


def _name(evidence: Evidence) -> str:
    try:
        return clean_name(evidence.display_name)
    except Invalid:
        return ""


async def _record(
    uow: UnitOfWork, robot: Robot, person: Person, event: str, address: str, detail: dict[str, str]
) -> None:
    await audit.record(
        uow,
        event,
        actor=person.main_address,
        via="web",
        robot_id=robot.id,
        person_id=person.id,
        address=address,
        detail=detail,
    )
