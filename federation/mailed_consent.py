"""The question to an address itself whether a peer may hear of its lists: by mail, once in 90 days, answered behind the link (listfed/1, 5)."""

from collections.abc import Collection
from dataclasses import dataclass

from federation import telling, tokens
from federation.agreements import is_yes
from federation.holders import holders_of
from federation.trust import may_answer
from identity import mails, tickets
from identity.tickets import TicketInvalid
from mail.instant import DAY
from storage import audit, peers, robots
from storage import federation_consents as rows
from storage.database import Database, Reader, UnitOfWork
from storage.tables.access import Ticket
from storage.tables.federation import Peer
from storage.tables.federation_consents import AddressConsent
from storage.tables.lists import Robot
from storage.tables.words import AddressVerdict, TicketPurpose

_LASTS = 30 * DAY


@dataclass(frozen=True, slots=True)
class Question:
    """What the page behind the link is about: who asks, about which address, and which lists would be told now."""

    peer: Peer
    address: str
    lists: tuple[str, ...]


async def ask(db: Database, peer: Peer, keys: Collection[str]) -> int:
    """Ask these addresses, as far as they may be asked now; how many mails that makes."""
    count = 0
    for key in keys:
        async with db.write() as uow:
            count += await _ask_one(uow, peer, key)
    return count


async def _ask_one(uow: UnitOfWork, peer: Peer, key: str) -> bool:
    known = await peers.find(uow, peer.id)
    if known is None or not may_answer(known.trust):
        return False
    leave = await telling.leave_of(uow, known, [key])
    here = leave.robots_of(key)
    robot = next((each for each in here if telling.is_to_be_asked(leave, key, each, uow.now)), None)
    if robot is None or not await telling.told_lists(uow, leave, key, [robot]):
        return False
    if not await rows.ask(uow, peer.id, key, before=uow.now - telling.NOT_AGAIN):
        return False
    address = leave.in_robot(key, robot.id)[0].address
    secret = await tickets.issue(
        uow,
        TicketPurpose.TELL_PEER,
        robot_id=robot.id,
        address=address,
        payload={"peer": peer.id, "key": key},
        lifetime=_LASTS,
    )
    await _mail(uow, robot, address, known, secret, has_lapsed=_has_lapsed(leave.addresses.get(key), uow.now))
    return True


def _has_lapsed(said: AddressConsent | None, now: int) -> bool:
    return said is not None and said.verdict is AddressVerdict.ALLOWED and not is_yes(said, now)


async def _mail(uow: UnitOfWork, robot: Robot, to: str, peer: Peer, secret: str, *, has_lapsed: bool) -> None:
    before = "\nYou allowed that more than a year ago, and it has ended since.\n" if has_lapsed else ""
    await mails.send(
        uow,
        robot,
        to,
        f"{peer.domain} asks which lists you are on",
        f"""Hello,

somebody at the list server

    {peer.domain}

has shown there that this address ({to}) is theirs, and wants to
see its subscriptions at {mails.title_of(robot)} there, too. If that was you,
you can allow it for a year on this page, where you see what would be told:

{tickets.url(uow.site, robot, secret)}
{before}
There you can also refuse for good. If you do nothing, nothing is told,
and you will not be asked about that server again for 90 days.
""",
    )


async def question(reader: Reader, ticket: Ticket) -> Question:
    """What a ticket asks; raises TicketInvalid where the server that asked is not answered any more."""
    said = tickets.payload(ticket)
    peer = await peers.find(reader, int(said["peer"]))
    if peer is None or not may_answer(peer.trust):
        raise TicketInvalid
    key = str(said["key"])
    leave = await telling.leave_of(reader, peer, [key])
    told = await telling.told_lists(reader, leave, key, leave.robots_of(key))
    return Question(peer, ticket.address, tuple(each.address for _, each, _ in told))


async def answer(uow: UnitOfWork, secret: str, *, allows: bool) -> tuple[Question, str | None]:
    """Keep what the address says; with a yes, also the link that brings its token to the peer. Raises TicketInvalid."""
    ticket = await tickets.redeem(uow, secret, TicketPurpose.TELL_PEER)
    asked = await question(uow, ticket)
    key = str(tickets.payload(ticket)["key"])
    verdict = AddressVerdict.ALLOWED if allows else AddressVerdict.NEVER
    await rows.decide(uow, asked.peer.id, key, verdict)
    consent = (await rows.of_addresses(uow, asked.peer.id, [key]))[key]
    holders = await holders_of(uow, [key])
    robot = await robots.by_id(uow, ticket.robot_id)
    await audit.record(
        uow,
        "federation_allowed" if allows else "federation_refused",
        actor=ticket.address,
        via="ticket",
        robot_id=None if robot is None else robot.id,
        person_id=holders.anywhere(key),
        address=ticket.address,
        detail={"peer": asked.peer.domain},
    )
    return asked, tokens.handover_url(uow.site, asked.peer, consent)
