"""What may be told of an address to a peer: whose leave there is, and which of its lists that leave covers (listfed/1, 5).

Trust, the robot's setting, the person's or the address's own word, the evidence that the peer has to bring, and then list
by list what the person sees and what the owners allow; whatever is not allowed is not told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from federation import consents, tokens
from federation.agreements import is_mailed_yes, is_no
from federation.consents import INCOMING, Consent
from federation.holders import Holders, holders_of
from federation.trust import may_answer
from identity.actor import stranger
from identity.entrance import actor_for_mail
from lists.mailing_lists import visible_among
from mail.instant import DAY
from storage import federation_consents as rows
from storage import lists, robots
from storage.database import Reader
from storage.tables.federation import Peer
from storage.tables.federation_consents import AddressConsent
from storage.tables.lists import MailingList, Membership, Robot
from storage.tables.words import (
    Incoming,
    ListStatus,
    PeerEvidence,
    Strength,
    TellsPeers,
    Visibility,
)

# How long an address that does not answer is left alone.
NOT_AGAIN = 90 * DAY


@dataclass(frozen=True, slots=True)
class Leave:
    """What is known of some addresses' leave; read in the same number of statements whatever there is."""

    peer: Peer
    robots: Mapping[int, Robot]
    memberships: Mapping[str, Sequence[Membership]]
    homes: Mapping[int, int]
    holders: Holders
    people: Mapping[int, Consent]
    addresses: Mapping[str, AddressConsent]

    def holder(self, key: str, robot_id: int) -> int | None:
        """Whose address this is in a robot."""
        return self.holders.of(key, robot_id)

    def in_robot(self, key: str, robot_id: int) -> list[Membership]:
        """What an address is on in a robot."""
        return [each for each in self.memberships.get(key, ()) if self.homes.get(each.list_id) == robot_id]

    def robots_of(self, key: str) -> list[Robot]:
        """Where an address is on any list."""
        found = {self.homes.get(each.list_id) for each in self.memberships.get(key, ())}
        return [robot for number, robot in sorted(self.robots.items()) if number in found]


async def leave_of(reader: Reader, peer: Peer, keys: Collection[str]) -> Leave:
    """Read what there is about these addresses: seven statements, for none of them too."""
    found = await rows.memberships_of(reader, keys)
    by_key: dict[str, list[Membership]] = {}
    for each in found:
        by_key.setdefault(each.address_key, []).append(each)
    homes = await rows.robots_of_lists(reader, {each.list_id for each in found})
    holders = await holders_of(reader, keys)
    people = await consents.consents_of(reader, {*holders.live.values()})
    addresses = await rows.of_addresses(reader, peer.id, keys)
    here = {each.id: each for each in await robots.every(reader)}
    return Leave(peer, here, by_key, homes, holders, people, addresses)


def is_allowed(leave: Leave, key: str, robot: Robot, now: int) -> bool:
    """Whether somebody who may says yes to this address's lists in a robot being told to the peer.

    Once an account has the address no longer, only what its own reader says from then on counts (threat T8).
    """
    if not may_answer(leave.peer.trust) or robot.federation_incoming == Incoming.NEVER:
        return False
    said = leave.addresses.get(key)
    person_id, ended_at = leave.holder(key, robot.id), leave.holders.ended_at(key, robot.id)
    was_mailed = is_mailed_yes(said, now, after=ended_at)
    if person_id is not None and leave.people[person_id].is_decided(INCOMING, leave.peer.id):
        consent = leave.people[person_id]
        is_stopped = leave.peer.id in consent.stopped[INCOMING]
        return consents.may_tell(consent, robot, leave.peer) or (was_mailed and not is_stopped)
    if was_mailed or is_no(said):
        return was_mailed
    is_nobodys = person_id is None and ended_at is None
    is_believed = leave.peer.evidence is PeerEvidence.ASSERTION
    return is_nobodys and robot.federation_incoming == Incoming.ALL_TRUSTED and is_believed


def is_to_be_asked(leave: Leave, key: str, robot: Robot, now: int) -> bool:
    """Whether the address may be asked by mail: nobody's decision holds, it was not asked lately, and it is on lists."""
    if robot.federation_incoming != Incoming.ASK or not leave.in_robot(key, robot.id):
        return False
    said = leave.addresses.get(key)
    if is_no(said) or (said is not None and now - said.asked_at < NOT_AGAIN):
        return False
    person_id = leave.holder(key, robot.id)
    if is_mailed_yes(said, now, after=leave.holders.ended_at(key, robot.id)):
        return False
    return person_id is None or not leave.people[person_id].is_decided(INCOMING, leave.peer.id)


def has_evidence(reader: Reader, leave: Leave, key: str, token: str) -> bool:
    """Whether the peer brought what it has to, beside its own word."""
    if leave.peer.evidence is not PeerEvidence.TOKEN:
        return True
    return tokens.fits(reader.site, leave.peer, leave.addresses.get(key), token)


async def told_lists(
    reader: Reader, leave: Leave, key: str, allowed: Collection[Robot]
) -> list[tuple[Membership, MailingList, Robot]]:
    """The lists of an address that the peer is told, in the order of their addresses: its own memberships, and no other's."""
    found: list[tuple[Membership, MailingList, Robot]] = []
    for robot in allowed:
        mine = leave.in_robot(key, robot.id)
        if not mine:
            continue
        known = await lists.by_ids(reader, [each.list_id for each in mine])
        actor = replace(await actor_for_mail(reader, robot, mine[0].address, Strength.MD5), via="federation")
        seen = {each.id for each in await visible_among(reader, actor, known.values())}
        public = {each.id for each in await visible_among(reader, stranger(robot), known.values())}
        found += [
            (each, known[each.list_id], robot)
            for each in mine
            if each.list_id in seen and _is_told(known[each.list_id], each, public)
        ]
    return sorted(found, key=lambda each: each[1].address)


def _is_told(mlist: MailingList, membership: Membership, public: Collection[int]) -> bool:
    if mlist.status is not ListStatus.OPEN:
        return False
    match mlist.tells_peers:
        case TellsPeers.NOTHING:
            return False
        case TellsPeers.OPEN:
            return mlist.id in public and membership.visibility is not Visibility.CONCEAL
        case TellsPeers.EVERYTHING:
            return True
