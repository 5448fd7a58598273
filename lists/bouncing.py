"""A dead mailbox is learnt once for all lists, and its person is told through another address of theirs (rows 109, 133)."""

from identity import tickets
from identity.ledger import effective_addresses
from lists import mails
from lists.unifying import BY_TICKET
from mail.address import address_key
from mail.instant import DAY
from storage import address_facts, alerts, bouncing, holders, lists, memberships, people, robots
from storage.bouncing import Bouncing
from storage.database import Reader, UnitOfWork
from storage.tables.account_life import AlertKind
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.words import BounceKind, TicketPurpose

OFFER_LIFETIME = 30 * DAY
# Of RFC 3463: nothing said, or the address; but not what is about the sender's address.
_OF_THE_ADDRESS = frozenset({"0", "1"})
_OF_THE_SENDER = frozenset({"1.7", "1.8"})


def is_about_the_mailbox(kind: BounceKind, enhanced_status: str) -> bool:
    """Whether a failure says that nobody is there: no policy, no size, no contents of one list's message does."""
    if kind is not BounceKind.HARD:
        return False
    _, _, detail = enhanced_status.partition(".")
    return not detail or (detail.partition(".")[0] in _OF_THE_ADDRESS and detail not in _OF_THE_SENDER)


async def heard(
    uow: UnitOfWork, membership_id: int | None, address: str, kind: BounceKind, enhanced_status: str
) -> None:
    """Count a member's failure for their address, whichever list it came from; tell its person when there are enough.

    Nobody else is told, and the address itself is not written to.
    """
    if membership_id is None or not is_about_the_mailbox(kind, enhanced_status):
        return
    known = await bouncing.count(uow, address_key(address), enhanced_status)
    if known.told_at is not None or known.failures < uow.site.bounces_before_telling:
        return
    membership = await memberships.by_id(uow, membership_id)
    mlist = None if membership is None else await lists.by_id(uow, membership.list_id)
    robot = None if mlist is None else await robots.by_id(uow, mlist.robot_id)
    if robot is not None:
        await _tell(uow, robot, address, known)


async def _tell(uow: UnitOfWork, robot: Robot, address: str, known: Bouncing) -> None:
    key = known.address_key
    person = await person_behind(uow, robot, key)
    if person is None:
        return
    await bouncing.told(uow, key)
    await alerts.add(
        uow,
        person.id,
        AlertKind.ADDRESS_BOUNCES,
        address_key=key,
        moment=known.first_at,
        detail={"address": address},
    )
    other = await elsewhere(uow, robot, person, key)
    if other is None:
        return
    secret = await tickets.issue(
        uow,
        TicketPurpose.REQUEST,
        robot_id=robot.id,
        address=other,
        payload={"act": BY_TICKET, "address": address, "person": person.id},
        lifetime=OFFER_LIFETIME,
    )
    await mails.comes_back(uow, robot, other, address, tickets.url(uow.site, robot, secret))


async def person_behind(reader: Reader, robot: Robot, key: str) -> Person | None:
    """Whose an address is here."""
    holder = (await holders.by_keys(reader, [key], robot.id)).get(key)
    return None if holder is None else await people.find(reader, holder)


async def elsewhere(reader: Reader, robot: Robot, person: Person, key: str) -> str | None:
    """Another proved address of a person, to which mail does not come back either; None where there is none."""
    rows = await effective_addresses(reader, person.id, robot.id)
    dead = await address_facts.bouncing(reader, [row.address_key for row in rows]) | {key}
    return next((row.address for row in rows if row.address_key not in dead), None)
