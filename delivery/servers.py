"""The mail servers that take our mail: which one a new connection goes to, and which are left alone for a while."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from delivery.transports.opening import Tls
from mail.status import Reply

log = structlog.get_logger(__name__)

_SHORTEST_SECONDS = 0.5
_LONGEST_SECONDS = 30.0
# Whoever took mail so lately and hangs up minds what it was given, and may well take other mail.
_LATELY_SECONDS = 3.0
# So long a server gets no more recipients at once than it took; it may have been an hour of much mail.
_LIMIT_SECONDS = 3600.0

Use = Literal["in_order", "shared"]
"""Whether the first that answers gets everything, or connections are spread over all."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over; `hostname` is how we introduce ourselves."""

    host: str
    port: int
    hostname: str = "localhost"
    tls: Tls = "opportunistic"

    @property
    def name(self) -> str:
        """As the setting writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(slots=True)
class ServerState:
    """How one server has done, by the monotonic clock: `failures` in a row, left out until `out_until`, took mail `worked_at`."""

    server: MailServer
    failures: int = 0
    out_until: float = 0.0
    worked_at: float = -1000.0
    connections: int = 0
    last_reply: str = ""
    # How many recipients it takes in one transaction, until then; 0 where that is not known.
    most_recipients: int = 0
    most_until: float = 0.0

    def is_out(self, now: float) -> bool:
        """Whether it is left alone at this moment of the monotonic clock."""
        return self.out_until > now


class MailServers:
    """All of them, for all connections of a worker: what one connection learns, the others need not learn again."""

    def __init__(
        self,
        servers: Sequence[MailServer],
        *,
        use: Use = "in_order",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`servers` in the order of preference, at least one; `clock` counts seconds."""
        self.states = [ServerState(server) for server in servers]
        self._use = use
        self._clock = clock
        self._turn = 0

    def now(self) -> float:
        """The moment by the clock that they are timed with."""
        return self._clock()

    def candidates(self) -> list[ServerState]:
        """Those that may be tried now, the best first; none while all are left out."""
        now = self._clock()
        found = [state for state in self.states if state.out_until <= now]
        if self._use == "shared" and found:
            self._turn += 1
            # The one with the fewest connections; among equals each in turn.
            start = self._turn % len(found)
            found = sorted(found[start:] + found[:start], key=lambda state: state.connections)
        return found

    def is_second_choice(self, state: ServerState) -> bool:
        """Whether a server that is preferred to this one may be tried again."""
        if self._use == "shared":
            return False
        found = self.candidates()
        return bool(found) and self.states.index(found[0]) < self.states.index(state)

    def out_for(self) -> float:
        """Seconds until one of them may be tried; 0 when one may be now."""
        return max(0.0, min(state.out_until for state in self.states) - self._clock())

    def failed(self, state: ServerState, reply: Reply) -> None:
        """It cannot be reached or sent us away: longer out after each failure in a row."""
        now = self._clock()
        if state.out_until > now:
            # Another connection has just said so.
            return
        state.failures += 1
        pause = min(_SHORTEST_SECONDS * 2 ** (state.failures - 1), _LONGEST_SECONDS)
        state.out_until = now + pause
        state.last_reply = f"{reply.code} {reply.enhanced or ''} {reply.text}"
        log.warning(
            "mail_server_left_out", server=state.server.name, seconds=pause, reply=state.last_reply[:200]
        )

    def hung_up(self, state: ServerState, reply: Reply) -> None:
        """It ended a dialogue, as a server does that hears too many bad recipients (421); others may go on with it."""
        if self._clock() - state.worked_at > _LATELY_SECONDS:
            self.failed(state, reply)

    def crowded(self, state: ServerState, taken: int) -> None:
        """It had room for so many recipients in one transaction, and said that there were too many."""
        now = self._clock()
        if taken != self.most(state):
            log.info("mail_server_takes_only", server=state.server.name, recipients=taken)
        state.most_recipients, state.most_until = taken, now + _LIMIT_SECONDS

    def most(self, state: ServerState) -> int:
        """How many recipients it is given in one transaction; 0 for as many as there are."""
        return state.most_recipients if state.most_until > self._clock() else 0

    def worked(self, state: ServerState) -> None:
        """It took a message."""
        state.worked_at = self._clock()
        if state.failures:
            log.info("mail_server_is_back", server=state.server.name, failures=state.failures)
            state.failures, state.out_until = 0, 0.0
