"""A connection to a mail server that takes one message after another and says what became of each recipient."""

import ssl
from collections.abc import Awaitable
from typing import Self

from delivery.transports.announcing import Call, call_for
from delivery.transports.capabilities import Capabilities
from delivery.transports.envelope import Envelope, Outgoing, TransactionResult
from delivery.transports.errors import CannotConnect, TlsFailed
from delivery.transports.opening import Tls, introduce, open_wire
from delivery.transports.timeouts import Timeouts
from delivery.transports.transaction import transact
from delivery.transports.wire import ABANDONED, Wire
from mail.status import Reply

__all__ = ["CannotConnect", "Envelope", "Outgoing", "SmtpConnection", "Timeouts", "Tls", "TransactionResult"]

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
        self._ahead: Call | None = None
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
        """Whether another message can be sent; the one that was announced, if one was."""
        wire = self._wire
        return wire.ended is None and not self._is_busy and (self._ahead is not None or not wire.has_answer)

    @property
    def ended(self) -> Reply | None:
        """Why the dialogue is over; None while it lives."""
        return self._wire.ended

    def is_ready_for(self, message: Outgoing) -> bool:
        """Whether this message can be sent: the peer waits for none, or for this one."""
        ahead = self._ahead
        return self.usable if ahead is None else ahead.message is message and self.usable

    async def send(
        self,
        envelope: Envelope,
        stuffed_data: bytes,
        *,
        smtputf8: bool = False,
        eight_bit: bool = False,
        before_final_dot: Awaitable[object] | None = None,
    ) -> TransactionResult:
        """Send one message, made ready by `stuffing.stuffed`; see `submit`.

        The flags say that the header needs SMTPUTF8 and that the message has 8-bit bytes; what the envelope
        and the bytes need is seen without them.
        """
        message = Outgoing(envelope, stuffed_data, smtputf8, eight_bit)
        return await self.submit(message, before_final_dot=before_final_dot)

    async def submit(
        self,
        message: Outgoing,
        *,
        before_final_dot: Awaitable[object] | None = None,
        following: Outgoing | None = None,
    ) -> TransactionResult:
        """Send one message and return one final reply for each recipient.

        `before_final_dot` is awaited between body and final dot; what it raises is raised here, and the message was
        not sent. It is not awaited if the transaction ends before. `following` is the message that will be submitted
        next, the very object: where the peer allows it, it is announced together with this one's final dot, which
        saves a round trip; another message than this cannot be sent then.
        Whatever the peer or the network does becomes temporary replies, never an exception; see
        TransactionResult for `in_doubt` and `stale`. A cancelled or failed call leaves the connection unusable.
        """
        if not self.is_ready_for(message):
            self.abort()
            self._ahead = None
        call = self._ahead or call_for(self.capabilities, message, needs_reset=self._needs_reset)
        self._ahead = None
        ahead = self._call_ahead(following)
        self._is_busy = True
        try:
            result, is_clean = await transact(
                self._wire,
                self.capabilities,
                self._timeouts,
                call,
                before_final_dot=before_final_dot,
                following=ahead,
            )
        except BaseException:
            self.abort()
            raise
        finally:
            self._is_busy = False
        self._needs_reset = not is_clean
        if ahead is not None and ahead.is_said:
            self._ahead = ahead
        wire = self._wire
        if wire.ended is not None and self.sent > 0 and not result.in_doubt:
            # Not a word to this message since it was announced.
            result.stale = wire.heard <= call.heard_before
        self.sent += 1
        return result

    def _call_ahead(self, following: Outgoing | None) -> Call | None:
        if following is None or not self.capabilities.pipelining:
            return None
        call = call_for(self.capabilities, following)
        return call if call.is_for_all else None

    async def quit(self) -> None:
        """Say goodbye and close; a peer that does not answer soon is left anyway."""
        if self.usable and self._ahead is None:
            await self._wire.ask(b"QUIT\r\n", self._timeouts.quit)
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._wire.end(ABANDONED)
