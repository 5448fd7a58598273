"""The packets of one milter connection: read and written by kilter.protocol, never larger or slower than allowed."""

import asyncio
import struct
from collections.abc import Iterator

from kilter.protocol import FilterProtocol, Negotiate, ReplyCode
from kilter.protocol.buffer import SimpleBuffer
from kilter.protocol.core import FilterMessage, MTAMessage

from delivery.door.stream import DoorTimeouts, Gone, presentable
from mail.status import Reply

MOST_OCTETS = 1024 * 1024
"""The largest packet; MTAs send bodies in pieces of 64 kB, and a header field as one."""
_LENGTH = struct.Struct("!L")
_FIRST_ROOM = 8 * 1024
_ANSWER_ROOM = 2 * 1024

# What the library raises for bytes that are no packet, or not one that may come now.
_MALFORMED = (ValueError, TypeError, AssertionError, IndexError, RuntimeError, BufferError, struct.error)


class BadPacket(Exception):
    """The peer does not speak the milter protocol; the connection is closed."""

    code = "BAD_PACKET"


class Packets:
    """Reads and writes packets; `timeouts.command` is for the next one to begin, `timeouts.data` for it to be whole."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeouts: DoorTimeouts
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._timeouts = timeouts
        self._protocol = FilterProtocol()
        self._buffer = SimpleBuffer(_FIRST_ROOM)
        self._half_since: float | None = None
        self.is_waiting = False

    def here(self) -> Iterator[MTAMessage]:
        """The packets that have come whole; what one holds is gone when the next is asked for. Raises BadPacket."""
        packets = self._protocol.read_from(self._buffer)
        while True:
            try:
                packet = next(packets, None)
            except _MALFORMED as problem:
                raise BadPacket(type(problem).__name__) from problem
            if packet is None:
                return
            self._half_since = None
            yield packet

    async def more(self) -> None:
        """Wait for some bytes. Raises Gone, BadPacket, TimeoutError."""
        self._make_room()
        now = asyncio.get_running_loop().time()
        if self._buffer.filled:
            self._half_since = self._half_since or now
            deadline = self._half_since + self._timeouts.data
        else:
            deadline = now + self._timeouts.command
        self.is_waiting = True
        try:
            async with asyncio.timeout_at(deadline):
                came = await self._reader.read(self._buffer.available)
        except OSError as problem:
            raise Gone from problem
        finally:
            self.is_waiting = False
        if not came:
            raise Gone
        self._buffer[:] = came

    def _make_room(self) -> None:
        held = self._buffer[:].tobytes()
        wanted = _LENGTH.size
        if len(held) >= _LENGTH.size:
            wanted += _LENGTH.unpack_from(held)[0]
        if wanted > MOST_OCTETS:
            raise BadPacket("a packet that is too large")
        if wanted > len(self._buffer):
            self._buffer = SimpleBuffer(wanted)
            self._buffer[:] = held

    def wants_answer(self, packet: MTAMessage) -> bool:
        """Whether the MTA waits for an answer to this packet, by what was agreed upon."""
        return self._protocol.needs_response(packet)

    async def answer(self, packet: FilterMessage | Negotiate) -> None:
        """Send one packet. Raises Gone."""
        buffer = SimpleBuffer(_ANSWER_ROOM)
        self._protocol.write_to(buffer, packet)
        if self._writer.is_closing():  # uvloop would raise RuntimeError
            raise Gone
        try:
            self._writer.write(buffer[:].tobytes())
            async with asyncio.timeout(self._timeouts.data):
                await self._writer.drain()
        except OSError as problem:
            raise Gone from problem

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        try:
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()


def refusal(reply: Reply) -> ReplyCode:
    """A 4yz or 5yz reply as a packet; MTAs read the text as a format, so `%` is doubled."""
    words = f"{reply.code} {reply.enhanced or ''} {presentable(reply.text).replace('%', '%%')}"
    return ReplyCode(words.encode("ascii") + b"\0")
