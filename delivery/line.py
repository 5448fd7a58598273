"""One line to a mail server: a connection opened when needed, used again while it lives, opened anew when it broke."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable

from delivery.servers import MailServer, MailServers, ServerState
from delivery.transports.smtp import CannotConnect, Outgoing, SmtpConnection, Timeouts, TransactionResult
from mail.status import Reply

__all__ = ["Line", "MailServer", "MailServers"]

_NOBODY = Reply(421, "4.4.1", "no mail server can be reached now")
_TIMEOUTS = Timeouts()
# With others to go to, nobody waits long for one that does not answer.
_IMPATIENT = Timeouts(connect=5.0)
# How long a line stays with a server that is not the preferred one, once that is back.
_SECOND_CHOICE_SECONDS = 30.0
_SHORTEST_WAIT = 0.05


class Line:
    """A sender's way to the mail servers, for one message at a time."""

    def __init__(self, servers: MailServers) -> None:
        self._servers = servers
        self._open: SmtpConnection | None = None
        self._state: ServerState | None = None
        self._since = 0.0

    async def submit(
        self,
        message: Outgoing,
        *,
        before_final_dot: Awaitable[object] | None = None,
        following: Outgoing | None = None,
    ) -> TransactionResult:
        """Send one message (see SmtpConnection.submit); raises CannotConnect when no server can be reached.

        A connection that had died while it was idle is replaced and the message sent again: nobody had heard it.
        """
        while True:
            connection, state = self._open, self._state
            if connection is None or state is None or not connection.is_ready_for(message):
                connection, state = await self._connect()
            result = await connection.submit(message, before_final_dot=before_final_dot, following=following)
            if result.unheard:
                self._servers.crowded(state, result.taken)
            if result.accepted:
                self._servers.worked(state)
            elif connection.ended is not None and not result.stale:
                self._servers.hung_up(state, connection.ended)
            if not result.stale:
                return result

    async def _connect(self) -> tuple[SmtpConnection, ServerState]:
        self.drop()
        reason = CannotConnect(_NOBODY)
        found = self._servers.candidates()
        for state in found:
            server = state.server
            try:
                made = await SmtpConnection.connect(
                    server.host,
                    server.port,
                    hostname=server.hostname,
                    tls=server.tls,
                    timeouts=_TIMEOUTS if len(found) == 1 else _IMPATIENT,
                )
            except CannotConnect as refused:
                self._servers.failed(state, refused.reply)
                reason = refused
                continue
            self._open, self._state, self._since = made, state, time.monotonic()
            state.connections += 1
            return made, state
        raise reason

    @property
    def most_recipients(self) -> int:
        """How many recipients the next transaction may have; 0 for any number."""
        return 0 if self._state is None else self._servers.most(self._state)

    @property
    def is_cut_off(self) -> bool:
        """Whether there is no connection, and none to be had now."""
        return self._open is None and self._servers.out_for() > 0

    async def wait(self, stop: asyncio.Event) -> None:
        """Let the mail servers be until one of them may be tried again."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), max(self._servers.out_for(), _SHORTEST_WAIT))

    async def prefer(self) -> None:
        """Leave a server that we are with only because a better one was away, once that is back."""
        state = self._state
        if state is None or time.monotonic() - self._since < _SECOND_CHOICE_SECONDS:
            return
        if self._servers.is_second_choice(state):
            await self.close()

    def drop(self) -> None:
        """Leave without a word."""
        if self._open is not None:
            self._open.abort()
        if self._state is not None:
            self._state.connections -= 1
        self._open = self._state = None

    async def close(self) -> None:
        """Leave politely."""
        try:
            if self._open is not None and self._open.usable:
                await self._open.quit()
        finally:
            self.drop()
