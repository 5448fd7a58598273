"""How much a peer may ask: so often a minute, each name so often a day, and only so many new names (listfed/1, 8)."""

import hashlib
from collections.abc import Collection, Iterable

import structlog

from federation import changed_names
from federation.discovery import PER_MINUTE
from federation.errors import TooOften
from identity import attempts
from identity.attempts import Limit
from identity.refusal import TooMany
from mail.instant import DAY, MINUTE
from storage import audit, federation_lookups, peers
from storage.database import UnitOfWork
from storage.tables.federation import Peer
from storage.tables.words import PeerTrust

log = structlog.get_logger(__name__)

LOOKUPS_A_DAY = 12
NEW_A_DAY = 500
_KEPT_DAYS = 30
_REQUESTS = Limit("peer requests", PER_MINUTE, MINUTE)
_WITHOUT_ANSWERS = {PeerTrust.MUTUAL: PeerTrust.ASK_ONLY, PeerTrust.ANSWER_ONLY: PeerTrust.PENDING}
_HARVEST = (
    "it asked about more than {limit} people within a day for the first time, and is answered no more: "
    "ask its administrator, then say again what it may do"
)


async def take_request(uow: UnitOfWork, peer: Peer) -> None:
    """Count one request; raises TooOften where the peer has none left within a minute."""
    try:
        await attempts.take(uow, [(_REQUESTS, str(peer.id))])
    except TooMany as many:
        raise TooOften from many


async def take_subjects(
    uow: UnitOfWork, peer: Peer, handles: Collection[str], pairs: Iterable[tuple[str, str]]
) -> set[str] | None:
    """Count a question about each of these, made under these pairs of keys; those that were asked about too often today.

    None where the peer asked about too many whom it never asked about before: it is not answered any more from now on,
    and the administrators see why (threat T3).
    """
    today = uow.now // DAY
    named = {_subject(each): each for each in handles}
    await changed_names.note(uow, peer, pairs, today)
    await federation_lookups.count(uow, peer.id, [*named], today)
    over = await federation_lookups.over(uow, peer.id, [*named], today, LOOKUPS_A_DAY)
    new = await federation_lookups.new_on(uow, peer.id, today)
    if new > NEW_A_DAY:
        limit = NEW_A_DAY + await changed_names.left(uow, peer, today, NEW_A_DAY)
        if new > limit:
            await _switch_off(uow, peer, _HARVEST.format(limit=limit))
            return None
    return {named[each] for each in over}


async def forgive(uow: UnitOfWork, peer_id: int) -> None:
    """An administrator has looked and lets it be answered: whom it asked about today is not new any more."""
    await federation_lookups.backdate(uow, peer_id, uow.now // DAY)


async def _switch_off(uow: UnitOfWork, peer: Peer, why: str) -> None:
    log.warning("peer_answered_no_more", peer=peer.domain, why=why)
    trust = _WITHOUT_ANSWERS.get(peer.trust, PeerTrust.PENDING)
    await peers.switch_off(uow, peer.id, trust, why)
    detail = {"peer": peer.domain, "before": peer.trust.value, "after": trust.value}
    await audit.record(uow, "peer_answered_no_more", actor=peer.domain, via="federation", detail=detail)


async def tidy(uow: UnitOfWork) -> int:
    """Forget names that nobody asked about for a month; how many."""
    return await federation_lookups.drop_old(uow, before=uow.now // DAY - _KEPT_DAYS)


def _subject(handle: str) -> str:
    """What is kept of a name: not even that."""
    return hashlib.sha256(b"listfed subject\0" + handle.encode("utf-8", "surrogatepass")).hexdigest()
