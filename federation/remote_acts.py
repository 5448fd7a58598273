"""Leaving or pausing a subscription on a peer: one signed request of one purpose, with the token of the person's consent there."""

import asyncio
from dataclasses import dataclass

from federation import discovery, outgoing, posing, question, statements
from federation.asking import PeerStatus
from federation.circuits import circuits_of
from federation.errors import InvalidAnswer, PeerAway, PeerSlow
from federation.handles import handle
from federation.outcomes import Outcome, note
from federation.outgoing import OwnAddress, Permitted
from federation.posing import SaidNo
from federation.question import Subject
from identity.actor import Actor
from identity.refusal import Forbidden, Invalid
from identity.standing import fresh_session
from mail.address import BadAddress, parse_address
from mail.instant import to_rfc3339
from storage import audit
from storage.database import Database
from storage.site import Site
from storage.tables.federation import Peer

_SECONDS = 10.0
_WELL = Outcome()
_SENTENCES = {
    "NOT_ALLOWED": "That server does not allow it: manage the list there.",
    "WAITING": "The list's owners have to agree; that server will write to you.",
    "REFUSED": "The list's rules there do not allow it.",
}


class NoToken(Forbidden):
    """That server has not given a token for this address: allow it there first, by the link that it mailed."""


class NotAllowedToAsk(Forbidden):
    """That server may not be asked about this address."""


class BadListAddress(Invalid):
    """Write the address of the list."""


@dataclass(frozen=True, slots=True)
class RemoteOutcome:
    """What became of an act on a peer; `message` is for people, None where it was done."""

    list_address: str
    email: str
    is_done: bool
    status: PeerStatus
    message: str | None = None


async def leave(db: Database, actor: Actor, peer_id: int, list_address: str, email: str) -> RemoteOutcome:
    """Leave a list of a peer; raises SignInNeeded, NoSuchPeer, NotYourAddress, NotAllowedToAsk, NoToken, BadListAddress."""
    return await _act(db, actor, peer_id, list_address, email, statements.LEAVE, None)


async def pause(
    db: Database, actor: Actor, peer_id: int, list_address: str, email: str, until: int
) -> RemoteOutcome:
    """Get no mail of a list of a peer until an instant (microseconds); raises as `leave`."""
    return await _act(db, actor, peer_id, list_address, email, statements.PAUSE, to_rfc3339(until))


async def _act(
    db: Database, actor: Actor, peer_id: int, list_address: str, email: str, purpose: str, until: str | None
) -> RemoteOutcome:
    try:
        about = str(parse_address(list_address))
    except BadAddress as bad:
        raise BadListAddress(path=("list_address",)) from bad
    async with db.read() as reader:
        fresh_session(actor, reader.now)
        permitted = await outgoing.permitted(reader, actor, emails=[email], peer_ids=[peer_id])
    (peer,) = permitted.peers
    refusal = permitted.refusals.get(peer.id)
    if refusal is not None:
        raise NotAllowedToAsk(refusal.message, path=("peer_id",))
    if discovery.ACTS not in discovery.said_by(peer.said).capabilities:
        raise NotAllowedToAsk("It does nothing of the kind for other servers.", path=("peer_id",))
    (address,) = permitted.addresses
    if (peer.id, address.key) not in permitted.tokens:
        raise NoToken(path=("peer_id",))
    outcome, went = await _sent(db.site, permitted, peer, address, about, purpose, until)
    async with db.write() as uow:
        if went is not None:
            await note(uow, peer.id, went)
        # Which list it was is the other server's to remember.
        detail = {"peer": peer.domain, "act": purpose, "done": outcome.is_done}
        await audit.record(
            uow,
            "remote_act",
            actor=actor.sender,
            via=actor.via,
            robot_id=actor.robot.id,
            person_id=permitted.person.id,
            address=address.address,
            detail=detail,
        )
    db.site.let_go(permitted.person.id)
    return outcome


async def _sent(
    site: Site,
    permitted: Permitted,
    peer: Peer,
    address: OwnAddress,
    about: str,
    purpose: str,
    until: str | None,
) -> tuple[RemoteOutcome, Outcome | None]:
    """What became of it, and how the peer did; None where it was left alone."""
    circuits, now = circuits_of(site), site.clock()

    def failed(status: PeerStatus, message: str) -> RemoteOutcome:
        return RemoteOutcome(about, address.address, False, status, message)

    if not circuits.may_ask(peer, now):
        return failed(PeerStatus.CIRCUIT_OPEN, "It failed often, and is left alone for a while."), None
    try:
        pair = posing.pair_with(permitted.own, peer, now)
        name = handle(pair.secret, address.key)
        said = posing.statement(permitted, pair, address, name, purpose, about)
        text = statements.make(permitted.own, peer.issuer, said, now)
        subject = Subject(name, text, permitted.tokens[(peer.id, address.key)])
        deadline = asyncio.get_running_loop().time() + _SECONDS
        done = await posing.act(site, permitted.own, peer, question.act_variables(subject, until), deadline)
    except SaidNo as no:
        circuits.was_well(peer)
        return failed(PeerStatus.REFUSED, no.message), Outcome(failure=no.reason)
    except PeerSlow:
        late = failed(PeerStatus.TIMED_OUT, "It did not answer in time; look there whether it was done.")
        return late, Outcome(*circuits.failed(peer, now), late.status.value)
    except PeerAway as away:
        gone = failed(PeerStatus.UNREACHABLE, str(away))
        return gone, Outcome(*circuits.failed(peer, now), gone.status.value)
    except InvalidAnswer as invalid:
        message = f"Its answer is not believed: {invalid}."
        opened = circuits.failed(peer, now, opens=True)
        return failed(PeerStatus.INVALID_RESPONSE, message), Outcome(*opened, invalid.code)
    except BaseException:
        # Broken off, which says nothing of the peer: a probe that was under way is free again.
        circuits.unasked(peer)
        raise
    circuits.was_well(peer)
    if not done.is_done:
        return failed(PeerStatus.REFUSED, _SENTENCES.get(done.notice, "It was not done there.")), _WELL
    return RemoteOutcome(about, address.address, True, PeerStatus.OK), _WELL
