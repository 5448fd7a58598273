"""The few words of SMTP that a catch-all mailbox must understand, spoken fast and with pipelining."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import cast

log = logging.getLogger(__name__)

SIZE_LIMIT = 50 * 1024 * 1024
RECIPIENT_LIMIT = 1000
LINE_LIMIT = 8192

Accept = Callable[[str, tuple[str, ...], bytes], None]

_PATH = re.compile(r"^(FROM|TO):\s*<([^<>]*)>(?:\s+(.*))?$", re.IGNORECASE | re.DOTALL)
_CAPABILITIES = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", f"SIZE {SIZE_LIMIT}")
_END = b"\r\n.\r\n"


class SmtpConversation(asyncio.Protocol):
    """One client's connection; every complete message goes to `accept(sender, recipients, raw)`.

    `accept` is called before the 250 is written, so what was acknowledged was kept (RFC 5321 4.2.5); when it raises
    OSError the client is told to try again later.
    A message is taken only at CRLF.CRLF, never at a bare line feed, so no second message can be smuggled in.
    """

    def __init__(self, accept: Accept, hostname: str) -> None:
        self._accept = accept
        self._hostname = hostname
        self._buffer = bytearray()
        self._scanned = 0
        self._is_reading_data = False
        self._is_greeted = False
        self._transport: asyncio.Transport | None = None
        self._forget_transaction()
        self._commands: dict[str, Callable[[str], str]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": lambda _: "250 2.0.0 OK",
            "VRFY": lambda _: "252 2.1.5 Send it and see",
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client."""
        # Other loops' transports (uvloop's) are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(f"220 {self._hostname} ESMTP catch-all mailbox\r\n".encode())

    def data_received(self, data: bytes) -> None:
        """Answer all complete commands and messages in the buffer with a single write."""
        self._buffer += data
        replies: list[str] = []
        while (reply := self._step()) is not None:
            replies.append(reply)
            if reply.startswith(("221", "421")):
                break
        if replies and self._transport is not None:
            self._transport.write(("\r\n".join(replies) + "\r\n").encode())
            if replies[-1].startswith(("221", "421")):
                self._buffer.clear()
                self._transport.close()

    def _step(self) -> str | None:
        return self._take_message() if self._is_reading_data else self._take_command()

    def _take_command(self) -> str | None:
        end = self._buffer.find(b"\r\n")
        if end > LINE_LIMIT or (end < 0 and len(self._buffer) > LINE_LIMIT):
            return "421 4.5.4 Line too long"
        if end < 0:
            return None
        line = self._buffer[:end].decode("utf-8", "replace")
        del self._buffer[: end + 2]
        verb, _, rest = line.partition(" ")
        if verb.upper() == "QUIT":
            return "221 2.0.0 Good bye"
        command = self._commands.get(verb.upper())
        return command(rest.strip()) if command else "500 5.5.2 Unknown command"

    def _take_message(self) -> str | None:
        end = self._buffer.find(_END, max(0, self._scanned - len(_END)))
        if end < 0:
            self._scanned = len(self._buffer)
            return "421 4.3.4 Message too big" if len(self._buffer) > SIZE_LIMIT else None
        raw = bytes(self._buffer[2 : end + 2]).replace(b"\r\n.", b"\r\n").removeprefix(b".")
        del self._buffer[: end + len(_END)]
        sender, recipients = self._sender or "", tuple(self._recipients)
        self._forget_transaction()
        self._is_reading_data = False
        if len(raw) > SIZE_LIMIT:
            return "552 5.3.4 Message too big"
        try:
            self._accept(sender, recipients, raw)
        except OSError as problem:
            log.warning("mailbox cannot keep a message: %s", problem.strerror)
            return "452 4.3.1 Cannot keep it now"
        return "250 2.0.0 Kept"

    def _forget_transaction(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    def _ehlo(self, _: str) -> str:
        self._is_greeted = True
        self._forget_transaction()
        lines = (self._hostname, *_CAPABILITIES)
        return "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines)

    def _helo(self, _: str) -> str:
        self._is_greeted = True
        self._forget_transaction()
        return f"250 {self._hostname}"

    def _mail(self, rest: str) -> str:
        match = _PATH.match(rest)
        if not self._is_greeted or self._sender is not None:
            return "503 5.5.1 Not now"
        if match is None or match[1].upper() != "FROM":
            return "501 5.5.4 Say MAIL FROM:<address>"
        size = re.search(r"\bSIZE=(\d{1,20})\b", match[3] or "", re.IGNORECASE)
        if size is not None and int(size[1]) > SIZE_LIMIT:
            return "552 5.3.4 Message too big"
        self._sender = match[2]
        return "250 2.1.0 OK"

    def _rcpt(self, rest: str) -> str:
        match = _PATH.match(rest)
        if self._sender is None:
            return "503 5.5.1 MAIL first"
        if match is None or match[1].upper() != "TO" or not match[2]:
            return "501 5.5.4 Say RCPT TO:<address>"
        if len(self._recipients) >= RECIPIENT_LIMIT:
            return "452 4.5.3 Too many recipients"
        self._recipients.append(match[2])
        return "250 2.1.5 OK"

    def _data(self, _: str) -> str:
        if not self._recipients:
            return "503 5.5.1 RCPT first"
        self._is_reading_data = True
        self._scanned = 0
        # The CRLF that ended DATA may also begin the final CRLF.CRLF of an empty message.
        self._buffer[:0] = b"\r\n"
        return "354 Go ahead, end with CRLF.CRLF"

    def _rset(self, _: str) -> str:
        self._forget_transaction()
        return "250 2.0.0 Forgotten"
