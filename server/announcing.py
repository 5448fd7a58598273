"""News of committed changes: told at once to those in this process, and left in a tray for the way to the others."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

# Listeners look for themselves this often, so that lost news (or no Redis) costs them a moment and nothing else.
LOOK_EVERY_SECONDS = 2.0


class Announcer:
    """Who wants to hear of what. `tray` holds what other processes have not been told yet."""

    def __init__(self) -> None:
        self._bells: defaultdict[str, set[Callable[[], None]]] = defaultdict(set)
        self.tray: set[str] = set()
        self.has_news = asyncio.Event()

    async def announce(self, what: str) -> None:
        """Something was committed; never waits and never fails, so a request is not held up by Redis."""
        self.ring(what)
        self.tray.add(what)
        self.has_news.set()

    def ring(self, what: str) -> None:
        """Tell those in this process."""
        for bell in tuple(self._bells[what]):
            bell()

    def call(self, what: str, bell: Callable[[], None]) -> None:
        """From now on call `bell` at every announcement of `what`."""
        self._bells[what].add(bell)

    async def listen(self, what: str, *, look_every: float = LOOK_EVERY_SECONDS) -> AsyncIterator[None]:
        """A turn at each announcement of `what`, and after `look_every` seconds without any."""
        rung = asyncio.Event()
        self._bells[what].add(rung.set)
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), look_every)
                rung.clear()
                yield
        finally:
            self._bells[what].discard(rung.set)
