"""Whether a peer could be asked now, told step by step for the administrator who sets it up."""

import time
from dataclasses import dataclass

from federation import discovery, peer_keys, peers
from federation.errors import InvalidAnswer, PeerAway
from federation.own_keys import AGREEMENT, SIGNING
from federation.trust import may_answer, may_ask
from identity.actor import Actor
from storage.database import Database
from storage.tables.federation import Peer


@dataclass(frozen=True, slots=True)
class Finding:
    """One step: whether it is well, and what is to be said of it."""

    is_well: bool
    text: str


async def findings_about(db: Database, actor: Actor, peer_id: int) -> tuple[Peer, list[Finding], int]:
    """Fetch its document and look at everything; also how many milliseconds that took. Raises NoAdministrator, NoSuchPeer."""
    async with db.read() as reader:
        peer = await peers.find(reader, actor, peer_id)
    began = time.perf_counter()
    try:
        peer = await peers.refresh(db, peer)
        findings = [Finding(True, "Its document is reachable, signed and in date.")]
    except (PeerAway, InvalidAnswer) as problem:
        findings = [Finding(False, f"Its document cannot be had: {problem}.")]
    taken = round((time.perf_counter() - began) * 1000)
    return peer, findings + _of_keys(peer, db.site.clock()) + _of_trust(peer), taken


def _of_keys(peer: Peer, now: int) -> list[Finding]:
    found = []
    for curve, what in ((SIGNING, "signs with"), (AGREEMENT, "shares a secret by")):
        key = peer_keys.current(peer, curve, now)
        text = f"It {what} no key that is believed." if key is None else f"It {what} {key.kid}."
        found.append(Finding(key is not None, text))
    if peer.alert:
        found.append(Finding(False, f"Look at this: {peer.alert}."))
    return found


def _of_trust(peer: Peer) -> list[Finding]:
    speaks = discovery.WHICH in discovery.said_by(peer.said).capabilities
    return [
        Finding(speaks, "It can be asked for subscriptions." if speaks else "It answers no questions."),
        Finding(may_ask(peer.trust), f"This server {'asks' if may_ask(peer.trust) else 'does not ask'} it."),
        Finding(
            may_answer(peer.trust),
            f"This server {'answers' if may_answer(peer.trust) else 'does not answer'} it.",
        ),
    ]
