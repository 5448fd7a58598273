"""What a person may have a peer do here: end or pause one of their subscriptions, by a signed request of one purpose (listfed/1).

Refused unless the administrators of both, the person and the list all allow it: the peer's `allows_acts`, the robot's
`federation_acts`, the token that the person's own mailbox gave, and the scenario that is asked of everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from federation import answering, statements, telling, tokens
from federation.errors import TooOften, Unreadable
from federation.own_keys import OwnKeys
from federation.question import Subject
from federation.statements import Statement
from identity.actor import Actor
from identity.refusal import Refused
from lists import membership, options
from lists.options import Suspension
from mail.instant import DAY, from_rfc3339
from scenarios.request import Identity
from storage import audit, lists, memberships, seen
from storage.database import Database, Reader, UnitOfWork
from storage.tables.federation import Peer
from storage.tables.lists import MailingList, Membership, Robot
from storage.tables.words import Strength

log = structlog.get_logger(__name__)

NOT_ALLOWED, WAITING, LIMITED, REFUSED = "NOT_ALLOWED", "WAITING", "RATE_LIMITED", "REFUSED"
_LONGEST_PAUSE = 366 * DAY
_NAMES = {statements.LEAVE: "peer_left", statements.PAUSE: "peer_paused"}


@dataclass(frozen=True, slots=True)
class Done:
    """Whether it was done; if not, the protocol's word for why."""

    is_done: bool
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    membership: Membership
    mlist: MailingList
    robot: Robot
    holder: int | None


async def do(db: Database, own: OwnKeys, peer: Peer, subject: Subject, until: str | None) -> Done:
    """Do what the statement says; `until` (RFC 3339) ends a pause. Raises TooOften, Unreadable.

    Whatever is missing (the right, the token, the subscription), the answer is the same NOT_ALLOWED.
    """
    now = db.site.clock()
    said = _stated(own, peer, subject, now)
    ends = _end(until, now) if said is not None and said.purpose == statements.PAUSE else None
    stated: Mapping[str, Statement] = {} if said is None else {subject.handle: said}
    over = await answering.counted(db, own, peer, stated)
    if over is None:
        raise TooOften
    if over:
        return Done(is_done=False, notice=LIMITED)
    try:
        async with db.write() as uow:
            target = None if said is None else await _target(uow, peer, subject, said)
            if said is None or target is None:
                return Done(is_done=False, notice=NOT_ALLOWED)
            return await _act(uow, peer, said, target, ends)
    except Refused as refused:
        log.info("peer_act_refused", peer=peer.domain, why=refused.code)
        return Done(is_done=False, notice=REFUSED)


def _stated(own: OwnKeys, peer: Peer, subject: Subject, now: int) -> Statement | None:
    for purpose in _NAMES:
        found = answering.read_all(own, peer, [subject], purpose, now)
        if found:
            return found[subject.handle]
    return None


def _end(until: str | None, now: int) -> int:
    try:
        ends = from_rfc3339(until or "")
    except ValueError as bad:
        raise Unreadable("A pause needs `until`, an instant as RFC 3339 writes it.") from bad
    if not now < ends <= now + _LONGEST_PAUSE:
        raise Unreadable("A pause ends in the future, within a year.")
    return ends


async def _target(reader: Reader, peer: Peer, subject: Subject, said: Statement) -> _Target | None:
    """The subscription that is meant, if everybody who has to allow the act does."""
    (meant,) = await answering.addresses_of(reader, peer, [subject], {subject.handle: said})
    leave = await telling.leave_of(reader, peer, [meant.key] if meant.key else [])
    name, _, domain = said.act.strip().lower().rpartition("@")
    mlist = await lists.find(reader, name, domain)
    key = meant.key
    if key is None or mlist is None or not peer.allows_acts:
        return None
    robot = leave.robots.get(mlist.robot_id)
    found = await memberships.find(reader, mlist.id, key)
    if robot is None or found is None or not robot.federation_acts:
        return None
    if not tokens.fits(reader.site, peer, leave.addresses.get(key), subject.consent_token):
        return None
    if not telling.is_allowed(leave, key, robot, reader.now):
        return None
    return _Target(found, mlist, robot, leave.holder(key, robot.id))


async def _act(uow: UnitOfWork, peer: Peer, said: Statement, target: _Target, ends: int | None) -> Done:
    if not await seen.first_time(uow, f"peer act {peer.id}", said.jti, uow.now + DAY):
        return Done(is_done=False, notice=NOT_ALLOWED)
    actor = _actor(peer, target)
    is_done = True
    if said.purpose == statements.LEAVE:
        outcome = await membership.unsubscribe(uow, actor, target.membership)
        is_done = outcome.removed is not None
    else:
        await options.update(uow, actor, target.membership, suspension=Suspension(uow.now, ends))
    await audit.record(
        uow,
        _NAMES[said.purpose],
        actor=target.membership.address,
        via=actor.via,
        robot_id=target.robot.id,
        list_id=target.mlist.id,
        person_id=target.holder,
        address=target.membership.address,
        detail={"peer": peer.domain, "done": is_done},
    )
    return Done(is_done, None if is_done else WAITING)


def _actor(peer: Peer, target: _Target) -> Actor:
    """The address itself and nothing else of the person's, as for a mailed link: its mailbox gave the token."""
    address = target.membership.address
    return Actor(
        target.robot,
        sender=address,
        identities=(Identity(address, Strength.MD5.method),),
        strength=Strength.MD5,
        via=f"peer {peer.domain}",
    )
