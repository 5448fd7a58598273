"""What an administrator asks of a peer's questions, and whether people may act through it."""

from federation import peers
from identity.actor import Actor
from storage import audit
from storage import peers as rows
from storage.database import UnitOfWork
from storage.tables.federation import Peer
from storage.tables.words import PeerEvidence


async def set_terms(
    uow: UnitOfWork,
    actor: Actor,
    peer_id: int,
    *,
    evidence: PeerEvidence | None = None,
    allows_acts: bool | None = None,
) -> Peer:
    """Change them; None leaves one as it is. Raises NoAdministrator, NoSuchPeer.

    `evidence`: TOKEN asks for the token that the address's own mailbox gave, CONSENT is content with the person's word
    here, ASSERTION also believes the peer where a robot tells all trusted ones of addresses without an account.
    """
    peer = await peers.find(uow, actor, peer_id)
    changed = await rows.set_terms(
        uow,
        peer.id,
        evidence or peer.evidence,
        allows_acts=peer.allows_acts if allows_acts is None else allows_acts,
    )
    detail = {"peer": peer.domain, "evidence": changed.evidence.value, "acts": changed.allows_acts}
    await audit.record(uow, "peer_terms_set", actor=actor.sender, via=actor.via, detail=detail)
    return changed
