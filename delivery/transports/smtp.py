"""A connection to a mail server that takes one message after another and says what became of each recipient."""

import ssl
from collections.abc import Awaitable
from typing import Self

from delivery.transports.capabilities import Capabilities
from delivery.transports.envelope import Envelope, TransactionResult
from delivery.transports.errors import CannotConnect, TlsFailed
from delivery.transports.opening import Tls, introduce, open_wire
from delivery.transports.timeouts import Timeouts
from delivery.transports.transaction import transact
from delivery.transports.wire import ABANDONED, Wire

__all__ = ["CannotConnect", "Envelope", "SmtpConnection", "Timeouts", "Tls", "TransactionResult"]

_DEFAULT = Timeouts()


class SmtpConnection:
    """An SMTP client (RFC 5321) on one connection, used by one coroutine at a time.

    `is_encrypted` says whether TLS is on, `sent` how many messages were tried, `capabilities` what the peer
    offers.
    """

    def __init__(
        self, wire: Wire, capabilities: Capabilities, timeouts: Timeouts, *, is_encrypted: bool
    ) -> None:
        """Use `connect`."""
        self._wire = wire
        self._timeouts = timeouts
        self._needs_reset = False
        self._is_busy = False
        self.capabilities = capabilities
        self.is_encrypted = is_encrypted
        self.sent = 0

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        hostname: str,
        tls: Tls = "opportunistic",
        context: ssl.SSLContext | None = None,
        timeouts: Timeouts = _DEFAULT,
    ) -> Self:
        """Connect and introduce ourselves as `hostname`; raises CannotConnect, whose reply is temporary.

        `context` replaces the default one (verifying the peer's name if TLS is required, not if opportunistic).
        With opportunistic TLS, a handshake that fails is followed by a second connection in the clear.
        """
        wire = await open_wire(host, port, timeouts.connect)
        try:
            capabilities, is_encrypted = await introduce(
                wire, host, hostname=hostname, tls=tls, context=context, timeouts=timeouts
            )
        except BaseException as problem:
            wire.end(ABANDONED)
            if tls == "opportunistic" and isinstance(problem, TlsFailed):
                return await cls.connect(host, port, hostname=hostname, tls="none", timeouts=timeouts)
            raise
        return cls(wire, capabilities, timeouts, is_encrypted=is_encrypted)

    @property
    def usable(self) -> bool:
        """Whether another message can be sent."""
        return self._wire.is_listening and not self._is_busy

    async def send(
        self,
        envelope: Envelope,
        stuffed_data: bytes,
        *,
        smtputf8: bool = False,
        eight_bit: bool = False,
        before_final_dot: Awaitable[object] | None = None,
    ) -> TransactionResult:
        """Send one message, made ready by `stuffing.stuffed`, and return one final reply for each recipient.

        The flags say that the header needs SMTPUTF8 and that the message has 8-bit bytes; what the envelope
        and the bytes need is seen without them. `before_final_dot` is awaited between body and final dot; what
        it raises is raised here, and the message was not sent. It is not awaited if the transaction ends before.
        Whatever the peer or the network does becomes temporary replies, never an exception; see
        TransactionResult for `in_doubt` and `stale`. A cancelled or failed call leaves the connection unusable.
        """
        heard, self._is_busy = self._wire.heard, True
        try:
            outcome = await transact(
                self._wire,
                self.capabilities,
                self._timeouts,
                envelope,
                stuffed_data,
                smtputf8=smtputf8,
                eight_bit=eight_bit,
                needs_reset=self._needs_reset,
                before_final_dot=before_final_dot,
            )
        except BaseException:
            self.abort()
            raise
        finally:
            self._is_busy = False
        self._needs_reset = not outcome.is_clean
        result = outcome.result
        silent = self._wire.ended is not None and self._wire.heard == heard and not result.in_doubt
        if silent and self.sent > 0:
            result = TransactionResult(result.replies, stale=True)
        self.sent += 1
        return result

    async def quit(self) -> None:
        """Say goodbye and close; a peer that does not answer soon is left anyway."""
        if self.usable:
            await self._wire.ask(b"QUIT\r\n", self._timeouts.quit)
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._wire.end(ABANDONED)
