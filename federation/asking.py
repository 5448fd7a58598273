"""Asking peers for a person's subscriptions: all at once, until a deadline, each for itself (listfed/1, 5, 6 and 9)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from federation import circuits, outgoing, posing
from federation.answers import Answered, RemoteMembership
from federation.errors import InvalidAnswer, PeerAway, PeerSlow
from federation.outcomes import Outcome, note
from federation.outgoing import Permitted
from federation.posing import SaidNo
from federation.remembered import About, remembered_of
from identity.actor import Actor
from mail.instant import MINUTE
from storage.database import Database
from storage.tables.federation import Peer

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 8
USUAL_SECONDS = 3.0
MOST_SECONDS = 10.0
# Whoever was given less than this cannot be blamed for being slow.
_FAIR_SECONDS = 2.0
_KEPT_EVERY = MINUTE


class PeerStatus(StrEnum):
    """How a peer does, or did in this lookup."""

    OK = "OK"
    TIMED_OUT = "TIMED_OUT"
    UNREACHABLE = "UNREACHABLE"
    REFUSED = "REFUSED"
    INVALID_RESPONSE = "INVALID_RESPONSE"
    CIRCUIT_OPEN = "CIRCUIT_OPEN"
    NO_CONSENT = "NO_CONSENT"
    CACHED = "CACHED"
    NOT_ASKED = "NOT_ASKED"


@dataclass(frozen=True, slots=True)
class PeerMemberships:
    """What became of one peer; `fetched_at` in microseconds, `latency_ms` in milliseconds."""

    peer: Peer
    status: PeerStatus
    message: str | None = None
    memberships: tuple[RemoteMembership, ...] = ()
    is_truncated: bool = False
    fetched_at: int | None = None
    latency_ms: int | None = None


@dataclass(slots=True)
class _Lookup:
    """One person's question to all peers."""

    db: Database
    permitted: Permitted
    deadline: float
    gate: asyncio.Semaphore
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    # When each peer's turn came, by the loop's clock.
    begun: dict[int, float] = field(default_factory=dict)


async def ask_all(
    db: Database,
    actor: Actor,
    *,
    emails: Sequence[str] | None = None,
    peer_ids: Sequence[int] | None = None,
    seconds: float = USUAL_SECONDS,
) -> AsyncIterator[PeerMemberships]:
    """One result for each peer meant, as it comes; whoever has not answered after `seconds` is TIMED_OUT.

    `emails` are some of the person's own addresses, `peer_ids` some of the peers; all where left out. No error of one peer
    touches another, and nothing asked is kept. Raises SignInNeeded, NotYourAddress, NoSuchPeer.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with db.read() as reader:
        permitted = await outgoing.permitted(reader, actor, emails=emails, peer_ids=peer_ids)
    allowed = min(max(seconds, 0.0), MOST_SECONDS)
    lookup = _Lookup(db, permitted, began + allowed, asyncio.Semaphore(MOST_AT_ONCE))
    asked: dict[asyncio.Task[PeerMemberships], Peer] = {}
    # Those that did well lately come first, so that a crowd of slow ones delays nobody else.
    for peer in sorted(permitted.peers, key=lambda each: (each.failures, each.domain)):
        known = _without_asking(lookup, peer)
        if known is not None:
            yield known
        else:
            asked[asyncio.create_task(_one(lookup, peer))] = peer
    try:
        async for each in _as_they_come(lookup, asked):
            yield each
    finally:
        for task, peer in asked.items():
            if task.cancel():
                circuits.circuits_of(db.site).unasked(peer)
        await asyncio.gather(*asked, return_exceptions=True)
    await _note(lookup)


async def _as_they_come(
    lookup: _Lookup, asked: dict[asyncio.Task[PeerMemberships], Peer]
) -> AsyncIterator[PeerMemberships]:
    waiting = set(asked)
    while waiting:
        left = lookup.deadline - asyncio.get_running_loop().time()
        done, waiting = await asyncio.wait(waiting, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED)
        if not done:
            break
        for task in done:
            yield task.result()
    for task in waiting:
        task.cancel()
    for task in waiting:
        yield _late(lookup, asked[task])


def _without_asking(lookup: _Lookup, peer: Peer) -> PeerMemberships | None:
    """What is known of a peer without a question; None where one has to be put."""
    permitted, site = lookup.permitted, lookup.db.site
    now = site.clock()
    refusal = permitted.refusals.get(peer.id)
    if refusal is not None:
        status = PeerStatus.NO_CONSENT if refusal.is_for_consent else PeerStatus.NOT_ASKED
        return PeerMemberships(peer, status, refusal.message)
    about = About(permitted.person.id, peer.id)
    kept = remembered_of(site).find(about, permitted.bound(peer), now)
    if kept is not None:
        return _told(peer, PeerStatus.CACHED, kept)
    if not circuits.circuits_of(site).may_ask(peer, now):
        return PeerMemberships(
            peer, PeerStatus.CIRCUIT_OPEN, "It failed often, and is left alone for a while."
        )
    return None


def _told(peer: Peer, status: PeerStatus, found: Answered, latency_ms: int | None = None) -> PeerMemberships:
    return PeerMemberships(
        peer, status, None, found.memberships, found.is_truncated, found.fetched_at, latency_ms
    )


async def _one(lookup: _Lookup, peer: Peer) -> PeerMemberships:
    """Ask one peer; whatever it does ends here."""
    loop, site = asyncio.get_running_loop(), lookup.db.site
    async with lookup.gate:
        began = lookup.begun[peer.id] = loop.time()
        if began >= lookup.deadline:
            return _late(lookup, peer)
        try:
            found = await posing.ask(site, lookup.permitted, peer, lookup.deadline)
        except PeerSlow:
            return _late(lookup, peer)
        except PeerAway as away:
            return _failed(lookup, peer, PeerStatus.UNREACHABLE, str(away))
        except InvalidAnswer as invalid:
            message = f"Its answer is not believed: {invalid}."
            return _failed(lookup, peer, PeerStatus.INVALID_RESPONSE, message, invalid.code)
        except SaidNo as no:
            _refused(lookup, peer, no.reason)
            return PeerMemberships(peer, PeerStatus.REFUSED, no.message)
        except Exception:
            # Whatever is wrong with one peer, or with us about it, is no reason to fail the others.
            log.exception("peer_not_asked", peer=peer.domain)
            circuits.circuits_of(site).unasked(peer)
            return PeerMemberships(peer, PeerStatus.NOT_ASKED, "Something went wrong here; try again later.")
    latency_ms = round((loop.time() - began) * 1000)
    _went_well(lookup, peer, latency_ms)
    about = About(lookup.permitted.person.id, peer.id)
    remembered_of(site).put(about, lookup.permitted.bound(peer), found, site.clock())
    return _told(peer, PeerStatus.OK, found, latency_ms)


def _late(lookup: _Lookup, peer: Peer) -> PeerMemberships:
    began = lookup.begun.get(peer.id)
    now = asyncio.get_running_loop().time()
    if began is None or now - began < _FAIR_SECONDS:
        circuits.circuits_of(lookup.db.site).unasked(peer)
        return PeerMemberships(peer, PeerStatus.TIMED_OUT, "There was not time enough to ask it.")
    return _failed(lookup, peer, PeerStatus.TIMED_OUT, "It did not answer in time.")


def _failed(
    lookup: _Lookup, peer: Peer, status: PeerStatus, message: str, failure: str = ""
) -> PeerMemberships:
    site = lookup.db.site
    is_invalid = status is PeerStatus.INVALID_RESPONSE
    failures, retry_at = circuits.circuits_of(site).failed(peer, site.clock(), opens=is_invalid)
    lookup.outcomes[peer.id] = Outcome(failures, retry_at, failure or status.value)
    log.warning("peer_failed", peer=peer.domain, status=status.value, why=message)
    return PeerMemberships(peer, status, message)


def _went_well(lookup: _Lookup, peer: Peer, latency_ms: int) -> None:
    site = lookup.db.site
    circuits.circuits_of(site).was_well(peer)
    if peer.failures or not _is_lately(peer.last_success_at, site.clock()):
        lookup.outcomes[peer.id] = Outcome(latency_ms=latency_ms)


def _refused(lookup: _Lookup, peer: Peer, reason: str) -> None:
    """It answers, and says no: that opens no circuit, and administrators may have to do something about it."""
    site = lookup.db.site
    circuits.circuits_of(site).was_well(peer)
    log.warning("peer_refused", peer=peer.domain, reason=reason)
    is_known = peer.last_failure == reason and _is_lately(peer.last_failure_at, site.clock())
    if peer.failures or not is_known:
        lookup.outcomes[peer.id] = Outcome(failure=reason)


def _is_lately(at: int | None, now: int) -> bool:
    return at is not None and now - at < _KEPT_EVERY


async def _note(lookup: _Lookup) -> None:
    """Let administrators see how the peers did; of who asked what, nothing is written."""
    if not lookup.outcomes:
        return
    async with lookup.db.write(durable=False) as uow:
        for peer_id, outcome in lookup.outcomes.items():
            await note(uow, peer_id, outcome)
