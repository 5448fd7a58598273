"""Both directions of one LMTP connection: whole command lines in, replies out in groups, each wait bounded."""

import asyncio
import unicodedata
from dataclasses import dataclass

from mail.status import Reply

MAX_LINE = 4096
"""Octets in one command line; longer ones are read over and refused."""
_PIECE = 64 * 1024
# What decomposition leaves as it is.
_PLAIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "’": "'", "«": '"', "»": '"', "¿": "", "¡": ""})
_MAX_TEXT = 400


@dataclass(frozen=True, slots=True)
class DoorTimeouts:
    """Seconds to wait for a whole command, and for the next piece of a body."""

    command: float = 300.0
    data: float = 180.0


class Gone(Exception):
    """The peer closed the connection."""

    code = "GONE"


class Stream:
    """Reads and writes one connection; replies are kept until something must be waited for (RFC 2920)."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeouts: DoorTimeouts
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._timeouts = timeouts
        self._pending = b""
        self._replies: list[bytes] = []
        self.is_waiting = False

    async def line(self) -> bytes | None:
        """Return the next line with its end; None for one that was too long. Raises Gone, TimeoutError."""
        overlong = False
        async with asyncio.timeout(self._timeouts.command):
            while True:
                line, newline, rest = self._pending.partition(b"\n")
                if newline:
                    self._pending = rest
                    return None if overlong or len(line) >= MAX_LINE else line + newline
                if len(line) >= MAX_LINE:
                    overlong, self._pending = True, b""
                self._pending += await self._read()

    async def piece(self) -> bytes:
        """Return some bytes of a body, at least one. Raises Gone, TimeoutError."""
        if self._pending:
            piece, self._pending = self._pending, b""
            return piece
        async with asyncio.timeout(self._timeouts.data):
            return await self._read()

    def unread(self, rest: bytes) -> None:
        """Give back what came after the end of a body."""
        self._pending = rest + self._pending

    def say(self, reply: Reply, *, utf8: bool = False) -> None:
        """Answer with one line; its text in ASCII unless the peer takes `utf8` (RFC 6531, 3.7.4.1)."""
        text = in_utf8(reply.text) if utf8 else presentable(reply.text)
        words = [str(reply.code), reply.enhanced or "", text]
        self._replies.append(" ".join(filter(None, words)).encode() + b"\r\n")

    def say_lines(self, code: int, lines: list[str]) -> None:
        """Answer with several lines."""
        for line in lines[:-1]:
            self._replies.append(f"{code}-{presentable(line)}\r\n".encode("ascii"))
        self._replies.append(f"{code} {presentable(lines[-1])}\r\n".encode("ascii"))

    async def flush(self) -> None:
        """Send what was said. Raises Gone."""
        if not self._replies:
            return
        replies, self._replies = b"".join(self._replies), []
        if self._writer.is_closing():  # uvloop would raise RuntimeError
            raise Gone
        try:
            self._writer.write(replies)
            await self._writer.drain()
        except OSError as problem:
            raise Gone from problem

    async def close(self, *, linger: float = 1.0) -> None:
        """Send what is left to say, if the peer takes it soon, and close."""
        try:
            async with asyncio.timeout(linger):
                await self.flush()
                self._writer.close()
                await self._writer.wait_closed()
        except (Gone, OSError, TimeoutError):
            self._writer.transport.abort()

    async def _read(self) -> bytes:
        self.is_waiting = True
        try:
            await self.flush()
            piece = await self._reader.read(_PIECE)
        except OSError as problem:
            raise Gone from problem
        finally:
            self.is_waiting = False
        if not piece:
            raise Gone
        return piece


def presentable(text: str) -> str:
    """The part of a text that a reply may carry: printable ASCII, accents left off, of a bounded length (RFC 5321, 4.2)."""
    plain = unicodedata.normalize("NFKD", text[:_MAX_TEXT].translate(_PLAIN))
    return "".join(c if " " <= c <= "~" else "?" for c in plain if not unicodedata.combining(c))[:_MAX_TEXT]


def in_utf8(text: str) -> str:
    """The part of a text that a reply in UTF-8 may carry: printable, of a bounded length in octets."""
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return printable.encode("utf-8", "replace")[:_MAX_TEXT].decode("utf-8", "ignore")
