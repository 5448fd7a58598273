"""A mail server that takes everything and looks at the clock: for each list, when its mail came, recipient by recipient."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any, Self

from bench.bare_smtp import HOST

_GREETING = b"250-clock\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
_LIST = re.compile(rb"MAIL FROM:<([^-+=@>]*)")
_END = b"\r\n.\r\n"


@dataclass
class Arrivals:
    """What came of one list: seconds of the monotonic clock."""

    recipients: int = 0
    first_named: float = 0.0
    last_named: float = 0.0
    first_copy: float = 0.0
    # When transactions ended, and of how many recipients.
    taken: list[tuple[float, int]] = field(default_factory=list)
    # Recipients whose message has come whole; counted as it comes, since adding them up takes the time of many.
    copies: int = 0


@dataclass
class ClockSink:
    """`async with ClockSink() as sink:` listens on `sink.port`; `of(list)` is what came."""

    port: int = 0
    lists: dict[str, Arrivals] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Conversation(self), HOST, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def of(self, name: str) -> Arrivals:
        """What came of a list so far."""
        return self.lists.setdefault(name, Arrivals())

    def forget(self) -> None:
        """Begin anew."""
        self.lists.clear()

    async def until(self, name: str, recipients: int, seconds: float = 300.0) -> Arrivals:
        """Wait until so many of a list's recipients have their copies; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while self.of(name).copies < recipients:
                await asyncio.sleep(0.005)
        return self.of(name)


class _Conversation(asyncio.Protocol):
    """Commands are worked off by the group, so that the sink is no slower than the sender."""

    def __init__(self, sink: ClockSink) -> None:
        self._sink = sink
        self._buffer = b""
        self._in_data = False
        self._named = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(b"220 clock\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        said = b""
        while (answer := self._body() if self._in_data else self._commands()) is not None:
            said += answer
        if said:
            self._transport.write(said)

    def _body(self) -> bytes | None:
        before, found, rest = self._buffer.partition(_END)
        if not found:
            # What may be the beginning of the end stays.
            self._buffer = before[-4:]
            return None
        self._buffer, self._in_data = rest, False
        arrivals, now = self._arrivals, time.monotonic()
        arrivals.first_copy = arrivals.first_copy or now
        arrivals.taken.append((now, self._named))
        arrivals.copies += self._named
        self._named = 0
        return b"250 2.0.0 taken\r\n"

    def _commands(self) -> bytes | None:
        end = self._buffer.rfind(b"\r\n") + 2
        at_data = self._buffer.find(b"DATA\r\n")
        if at_data >= 0:
            end = at_data
        if end < 2 and at_data < 0:
            return None
        group, self._buffer = self._buffer[:end], self._buffer[end:]
        said = b"250 2.1.0 ok\r\n" * self._heard(group)
        if group[:4].upper() in (b"EHLO", b"HELO"):
            said = _GREETING
        elif b"QUIT\r\n" in group:
            self._transport.close()
        if at_data >= 0:
            self._buffer, self._in_data = b"\r\n" + self._buffer[6:], True
            said += b"354 go on\r\n"
        return said

    def _heard(self, group: bytes) -> int:
        """Note who is named; how many commands there were."""
        found = _LIST.search(group)
        if found is not None:
            self._arrivals = self._sink.of(found[1].decode())
        named = group.count(b"RCPT TO:<")
        if named:
            now = time.monotonic()
            arrivals = self._arrivals
            arrivals.first_named = arrivals.first_named or now
            arrivals.last_named = now
            arrivals.recipients += named
            self._named += named
        return group.count(b"\r\n")
