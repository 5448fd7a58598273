"""One line to the mail server: a connection opened when needed, used again while it lives, opened anew when it broke."""

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass

from delivery.transports.opening import Tls
from delivery.transports.smtp import Outgoing, SmtpConnection, TransactionResult

_LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over; `hostname` is how we introduce ourselves."""

    host: str
    port: int
    hostname: str = "localhost"
    tls: Tls = "opportunistic"


class Line:
    """A sender's way to the mail server, for one message at a time."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._open: SmtpConnection | None = None
        self._failures = 0

    async def submit(
        self,
        message: Outgoing,
        *,
        before_final_dot: Awaitable[object] | None = None,
        following: Outgoing | None = None,
    ) -> TransactionResult:
        """Send one message (see SmtpConnection.submit); raises CannotConnect.

        A connection that had died while it was idle is replaced and the message sent again: nobody had heard it.
        """
        while True:
            connection = self._open
            if connection is None or not connection.is_ready_for(message):
                connection = await self._connect()
            result = await connection.submit(message, before_final_dot=before_final_dot, following=following)
            if not result.stale:
                return result

    async def _connect(self) -> SmtpConnection:
        self.drop()
        server = self._server
        self._open = await SmtpConnection.connect(
            server.host, server.port, hostname=server.hostname, tls=server.tls
        )
        self._failures = 0
        return self._open

    async def wait(self, stop: asyncio.Event) -> None:
        """Let the mail server be for a while: longer after each failure in a row, up to half a minute."""
        self._failures += 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(0.25 * 2**self._failures, _LONGEST_WAIT))

    def drop(self) -> None:
        """Leave without a word."""
        if self._open is not None:
            self._open.abort()
        self._open = None

    async def close(self) -> None:
        """Leave politely."""
        if self._open is not None and self._open.usable:
            await self._open.quit()
        self.drop()
