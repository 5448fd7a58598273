"""A token for somebody who agreed in their account: the same as behind a mailed link, since their address is proved here (listfed/1, 5)."""

from federation import consents, outgoing, tokens
from federation.consents import INCOMING
from federation.errors import NoSuchPeer
from federation.outgoing import NotYourAddress
from federation.trust import may_answer
from identity.actor import Actor
from identity.refusal import Forbidden
from identity.standing import fresh_session
from storage import audit, peers
from storage import federation_consents as rows
from storage.database import UnitOfWork
from storage.tables.words import AddressVerdict


class NotAgreed(Forbidden):
    """Agree first that this server may be told."""


async def issue(uow: UnitOfWork, actor: Actor, peer_id: int, email: str) -> str:
    """The link that brings a token for one of the asker's addresses to a peer that may be told of it; earlier tokens end.

    Raises SignInNeeded, NoSuchPeer, NotAgreed, NotYourAddress.
    """
    person, _ = fresh_session(actor, uow.now)
    peer = await peers.find(uow, peer_id)
    if peer is None or not may_answer(peer.trust):
        raise NoSuchPeer(path=("peer_id",))
    if not (await consents.consent_of(uow, person.id)).covers(INCOMING, peer.id):
        raise NotAgreed(path=("peer_id",))
    addresses = await outgoing.own_addresses(uow, actor, [email])
    if not addresses:
        raise NotYourAddress(path=("email",))
    (own,) = addresses
    await rows.decide(uow, peer.id, own.key, AddressVerdict.ACCOUNT)
    consent = (await rows.of_addresses(uow, peer.id, [own.key]))[own.key]
    await audit.record(
        uow,
        "federation_allowed",
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=person.id,
        address=own.address,
        detail={"peer": peer.domain},
    )
    link = tokens.handover_url(uow.site, peer, consent)
    assert link is not None
    return link
