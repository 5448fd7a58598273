"""The LMTP door: listens, lets in a bounded number of peers, and closes without cutting off a message in hand."""

import asyncio

from delivery.door.dialogue import Dialogue
from delivery.door.envelope import LmtpEnvelope, LmtpSession
from delivery.door.handler import Handler
from delivery.door.stream import DoorTimeouts, Stream
from mail.status import Reply

__all__ = ["DoorTimeouts", "Handler", "LmtpDoor", "LmtpEnvelope", "LmtpSession"]

_DEFAULT = DoorTimeouts()
_FULL = Reply(421, "4.3.2", "Too many connections; try again later")


class LmtpDoor:
    """An LMTP server (RFC 2033) in front of a handler.

    It believes what a peer says of the client it forwards for (XFORWARD), so only our own mail servers may
    reach it. `size_limit` is in octets; memory is bounded by `max_connections` messages of that size.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        hostname: str,
        size_limit: int,
        max_connections: int = 100,
        timeouts: DoorTimeouts = _DEFAULT,
    ) -> None:
        self._handler = handler
        self._hostname = hostname
        self._size_limit = size_limit
        self._max_connections = max_connections
        self._timeouts = timeouts
        self._open: dict[asyncio.Task[None], Dialogue] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Start listening; port 0 takes a free one. Raises OSError."""
        self._server = await asyncio.start_server(self._enter, host, port)
        return self._server

    async def close(self, grace: float = 10.0) -> None:
        """Stop listening, hang up on whoever waits, and give messages in hand `grace` seconds to be settled."""
        if self._server is not None:
            self._server.close()
        for task, dialogue in self._open.items():
            if dialogue.stop():
                task.cancel()
        if self._open:
            _, late = await asyncio.wait(set(self._open), timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = Stream(reader, writer, self._timeouts)
        task = asyncio.current_task()
        if task is None or len(self._open) >= self._max_connections:
            stream.say(_FULL)
            await stream.close()
            return
        address = writer.get_extra_info("peername")
        session = LmtpSession(peer=str(address[0]) if address else "")
        dialogue = Dialogue(
            stream, session, self._handler, hostname=self._hostname, size_limit=self._size_limit
        )
        self._open[task] = dialogue
        try:
            await dialogue.run()
        finally:
            del self._open[task]
            await stream.close()
