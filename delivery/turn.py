"""How long a connection goes on with the copies of one packet before others get theirs (rows 19, 30)."""

import asyncio
import contextlib

from delivery.domains import Domains
from delivery.ledger import Ledger
from storage.tables.mail import Packet

# After so long it looks whether somebody else comes first, and again and again …
_LOOK_SECONDS = 0.2
# … and after so long it asks for its next packet in any case.
_LONGEST_SECONDS = 5.0
# After something that should not happen.
_BROKEN_SECONDS = 1.0


class Turn:
    """One connection's turn with one packet; it begins with the first question, since making the first copies takes time."""

    def __init__(self, ledger: Ledger, domains: Domains, packet: Packet, stop: asyncio.Event) -> None:
        self._ledger = ledger
        self._domains = domains
        self._packet = packet
        self._stop = stop
        self._time = asyncio.get_running_loop().time
        self._look_at = 0.0
        self._end = 0.0

    @property
    def is_stopped(self) -> bool:
        """Whether the worker ends."""
        return self._stop.is_set()

    async def pause(self) -> None:
        """A moment, for whatever is broken; shorter if the worker ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), _BROKEN_SECONDS)

    def is_sure(self) -> bool:
        """Whether the turn goes on for certain, which is known without asking anybody: mostly it is, copy after copy."""
        return self._time() < self._look_at and not self._domains.paces and not self._stop.is_set()

    async def is_over(self) -> bool:
        """Whether nothing more of the packet should be begun now; costs a statement only once in a while."""
        if self._stop.is_set():
            return True
        now = self._time()
        if not self._end:
            self._look_at, self._end = now + _LOOK_SECONDS, now + _LONGEST_SECONDS
        if now >= self._look_at:
            if now >= self._end or not await self._ledger.goes_on(self._packet):
                # Whoever asks again gets the same answer.
                self._end = now
                return True
            self._look_at = now + _LOOK_SECONDS
        domains = self._domains
        return bool(domains.paces) and domains.is_paused(
            self._packet.domain, self._ledger.database.site.clock()
        )
