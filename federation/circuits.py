"""Peers that failed often are not asked for a while, so that they cost nothing: a circuit for each, in memory (listfed/1, 9)."""

from collections import deque
from dataclasses import dataclass, field

from mail.instant import MINUTE, SECOND
from storage.site import Site
from storage.tables.federation import Peer

FAILURES = 5
WITHIN = 60 * SECOND
SHORTEST = 30 * SECOND
LONGEST = 15 * MINUTE


@dataclass(slots=True)
class _Circuit:
    failed_at: deque[int] = field(default_factory=lambda: deque(maxlen=FAILURES))
    # Failures in a row, for administrators.
    in_a_row: int = 0
    open_until: int = 0
    lasts: int = 0
    is_probed: bool = False


@dataclass(slots=True)
class Circuits:
    """The circuits of this process by the number of the peer; every instant is given by the caller, in microseconds.

    Five failures within a minute open one for 30 seconds; then a single question probes, and each probe that fails
    doubles the time, up to a quarter of an hour. An answer that is not to be believed opens it at once.
    """

    _of: dict[int, _Circuit] = field(default_factory=dict)

    def may_ask(self, peer: Peer, now: int) -> bool:
        """Whether a question may go out; of an open circuit whose time is over, one goes as a probe."""
        found = self._of.get(peer.id)
        if found is None:
            # Another process of this server, or this one before it was started anew, has seen it fail.
            return peer.retry_at is None or peer.retry_at <= now
        if not found.lasts:
            return True
        if now < found.open_until or found.is_probed:
            return False
        found.is_probed = True
        return True

    def was_well(self, peer: Peer) -> None:
        """It answered: the circuit is closed."""
        self._of[peer.id] = _Circuit()

    def unasked(self, peer: Peer) -> None:
        """A question that was let out was not put after all, or was broken off: that says nothing, and the probe is free again."""
        found = self._of.get(peer.id)
        if found is not None:
            found.is_probed = False

    def failed(self, peer: Peer, now: int, *, opens: bool = False) -> tuple[int, int | None]:
        """It did not answer, or (`opens`) not to be believed; failures in a row, and when it is tried again, if it is open."""
        found = self._of.setdefault(peer.id, _Circuit(in_a_row=peer.failures))
        found.in_a_row += 1
        found.failed_at.append(now)
        is_full = len(found.failed_at) == FAILURES and now - found.failed_at[0] <= WITHIN
        if opens or is_full or found.is_probed:
            found.lasts = min(found.lasts * 2, LONGEST) if found.lasts else SHORTEST
            found.open_until = now + found.lasts
        found.is_probed = False
        return found.in_a_row, found.open_until if found.lasts else None

    def forget(self, peer_id: int) -> None:
        """The peer is known no more, or is trusted anew."""
        self._of.pop(peer_id, None)


def circuits_of(site: Site) -> Circuits:
    """The circuits of this process."""
    found: Circuits = site.held.setdefault("circuits", Circuits())
    return found
