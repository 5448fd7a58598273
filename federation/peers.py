"""Other list servers: known by their document, trusted by hand, looked at every day, forgotten (listfed/1, 1 to 3)."""

import re
from collections.abc import Sequence

import structlog

from federation import budgets, discovery, peer_keys
from federation.discovery import Document
from federation.errors import (
    BadPeerName,
    InvalidAnswer,
    NoAdministrator,
    NoSuchPeer,
    PeerAway,
    PeerKnown,
    PeerNotFound,
    ThumbprintsDiffer,
)
from federation.fetching import DOCUMENT_OCTETS, Bounds, fetch
from federation.own_keys import SIGNING, issuer_of
from federation.trust import may_answer, may_ask
from identity.actor import Actor
from identity.standing import require_fresh
from lists.offices import is_listmaster
from mail.instant import DAY, HOUR
from storage import audit, robots
from storage import peers as rows
from storage.database import Database, Reader, UnitOfWork
from storage.site import Site
from storage.tables.federation import Peer
from storage.tables.words import PeerTrust

log = structlog.get_logger(__name__)

_LOOKED_AT_EVERY = DAY
_ASKED_AGAIN_AFTER = HOUR
_CACHED_FOR = HOUR
_NAME = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?::[0-9]{1,5})?"
)
_OTHER_SIGNER = "None of these keys signed its document; have it fetched anew: postroom peer test."
_UNKNOWN_SIGNER = "its document is signed by a key that nobody here has compared: it may have been taken over"


def bounds_of(site: Site) -> Bounds:
    """How documents are fetched."""
    return Bounds(octets=DOCUMENT_OCTETS, allows_private=site.federates_privately)


async def require_administrator(reader: Reader, actor: Actor) -> None:
    """The operator, or somebody who is listmaster of every robot: peers are the whole server's. Raises NoAdministrator."""
    if actor.is_operator:
        return
    for robot in await robots.every(reader):
        if not await is_listmaster(reader, actor, robot.id):
            raise NoAdministrator
    require_fresh(actor, reader.now)


async def find(reader: Reader, actor: Actor, peer_id: int) -> Peer:
    """A peer, for those who decide on them; raises NoAdministrator, NoSuchPeer."""
    await require_administrator(reader, actor)
    found = await rows.find(reader, peer_id)
    if found is None:
        raise NoSuchPeer
    return found


async def register(db: Database, actor: Actor, domain: str) -> Peer:
    """Fetch a server's document and know it from now on; it is neither asked nor answered yet.

    Its thumbprints are to be compared by another way, then `set_trust` is called. Raises NoAdministrator, BadPeerName,
    PeerKnown, PeerNotFound.
    """
    name = domain.strip().lower().removeprefix("https://").rstrip("/")
    if not _NAME.fullmatch(name) or len(name) > 253:
        raise BadPeerName(path=("domain",))
    async with db.read() as reader:
        await require_administrator(reader, actor)
        if await rows.by_domain(reader, name) is not None:
            raise PeerKnown(path=("domain",))
    found = await _fetched(db.site, name)
    if found.issuer == issuer_of(db.site):
        raise BadPeerName("This is this very server.", path=("domain",))
    async with db.write() as uow:
        if await rows.by_issuer(uow, found.issuer) is not None:
            raise PeerKnown(path=("domain",))
        kept = peer_keys.kept(found.keys)
        peer = await rows.add(uow, name, found.issuer, found.endpoint, discovery.kept(found.said), kept)
        await _record(uow, actor, "peer_registered", peer)
    return peer


async def set_trust(
    uow: UnitOfWork, actor: Actor, peer_id: int, trust: PeerTrust, confirmed: Sequence[str] = ()
) -> Peer:
    """Say what a peer may ask and be asked.

    To trust one that was not trusted, `confirmed` has to hold the thumbprints of all keys that it signs with now (row 46:
    no trust on first use), and one of them has to have signed its document: its other keys are believed by that. Raises NoAdministrator, NoSuchPeer, ThumbprintsDiffer.
    """
    peer = await find(uow, actor, peer_id)
    keys, pinned = peer_keys.keys_of(peer), peer.pinned
    is_known = peer.pinned and not peer.alert and peer.trust is not PeerTrust.PENDING
    if (may_ask(trust) or may_answer(trust)) and not is_known:
        signing = {each.kid for each in keys if each.curve == SIGNING and each.is_good(uow.now)}
        if not signing or signing != {each.strip() for each in confirmed}:
            raise ThumbprintsDiffer(path=("confirm_thumbprints",))
        if discovery.said_by(peer.said).signer not in signing:
            raise ThumbprintsDiffer(_OTHER_SIGNER, path=("confirm_thumbprints",))
        pinned = " ".join(sorted(signing))
    changed = await rows.set_trust(uow, peer.id, trust, pinned, peer_keys.kept(keys))
    if may_answer(trust) and not may_answer(peer.trust):
        await budgets.forgive(uow, peer.id)
    await _record(uow, actor, "peer_trust_set", changed, before=peer.trust.value, after=trust.value)
    return changed


async def remove(uow: UnitOfWork, actor: Actor, peer_id: int) -> Peer:
    """Forget a peer, and what people agreed to about it. Raises NoAdministrator, NoSuchPeer."""
    peer = await find(uow, actor, peer_id)
    await rows.drop(uow, peer.id)
    await _record(uow, actor, "peer_removed", peer)
    return peer


async def refresh(db: Database, peer: Peer) -> Peer:
    """Fetch a peer's document anew. Raises PeerAway, InvalidAnswer; then nothing has changed.

    Where a key signed it that nobody compared, the peer is trusted with nothing any more, and its alert says why.
    """
    try:
        found = await _fetched(db.site, peer.domain)
    except PeerNotFound as gone:
        async with db.write() as uow:
            await rows.asked_for(uow, peer.id)
        raise InvalidAnswer(gone.message) from gone
    async with db.write() as uow:
        now = await rows.find(uow, peer.id)
        if now is None:
            return peer
        if not _is_older(found, now):
            return await _taken_over(uow, now, found)
        await rows.asked_for(uow, peer.id)
    raise InvalidAnswer("its document is older than the one that it showed before")


def _is_older(found: Document, known: Peer) -> bool:
    """Whether it was shown before what is known; a cache may be some minutes behind."""
    return found.said.issued_at + _CACHED_FOR < discovery.said_by(known.said).issued_at


async def _taken_over(uow: UnitOfWork, peer: Peer, found: Document) -> Peer:
    known = peer_keys.keys_of(peer)
    said = discovery.kept(found.said)
    shown = peer_keys.kept(found.keys)
    if peer.trust is PeerTrust.PENDING:
        return await rows.refreshed(uow, peer.id, found.endpoint, said, shown)
    signer = peer_keys.usable(peer, found.kid, SIGNING, uow.now)
    if signer is None:
        log.warning("peer_signed_by_an_unknown_key", peer=peer.domain, kid=found.kid)
        return await rows.doubted(uow, peer.id, _UNKNOWN_SIGNER, found.endpoint, said, shown)
    believed = peer_keys.kept(peer_keys.believed(known, found.keys, uow.now))
    return await rows.refreshed(uow, peer.id, found.endpoint, said, believed)


async def refresh_stale(db: Database) -> int:
    """Look at the documents that were fetched a day ago; how many were fetched now."""
    async with db.read() as reader:
        stale = await rows.stale(reader, reader.now - _LOOKED_AT_EVERY)
    fetched = 0
    for peer in stale:
        try:
            await refresh(db, peer)
            fetched += 1
        except (PeerAway, InvalidAnswer) as problem:
            log.warning("peer_not_refreshed", peer=peer.domain, why=str(problem))
    return fetched


async def may_look_again(db: Database, peer: Peer) -> bool:
    """Whether its document may be looked at because a key is not known: once an hour, for whoever says so first."""
    before = db.site.clock() - _ASKED_AGAIN_AFTER
    if peer.fetched_at > before:
        return False
    async with db.write() as uow:
        return await rows.claim_look(uow, peer.id, before)


async def look_again(db: Database, peer: Peer) -> Peer:
    """Look at its document; what is wrong with it is written to the log."""
    try:
        return await refresh(db, peer)
    except (PeerAway, InvalidAnswer) as problem:
        log.warning("peer_not_refreshed", peer=peer.domain, why=str(problem))
        return peer


async def _fetched(site: Site, name: str) -> Document:
    scheme = "http" if site.federates_privately and site.public_url.startswith("http://") else "https"
    issuer = f"{scheme}://{name}"
    try:
        answer = await fetch(f"{issuer}{discovery.PATH}", bounds_of(site))
        if answer.status != 200:
            raise InvalidAnswer(f"it answered {answer.status}")
        return discovery.read(answer.body, issuer, site.clock())
    except (PeerAway, InvalidAnswer) as problem:
        raise PeerNotFound(f"{name} cannot be known: {problem}.", path=("domain",)) from problem


async def _record(uow: UnitOfWork, actor: Actor, event: str, peer: Peer, **detail: str) -> None:
    await audit.record(uow, event, actor=actor.sender, via=actor.via, detail={"peer": peer.domain, **detail})
