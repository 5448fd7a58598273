"""The LMTP door: our mail servers hand over here what came for lists (RFC 2033)."""

import asyncio

from delivery.door.connections import Door
from delivery.door.dialogue import Dialogue
from delivery.door.envelope import LmtpEnvelope, LmtpSession
from delivery.door.handler import Handler
from delivery.door.stream import DoorTimeouts, Stream
from mail.status import Reply

__all__ = ["DoorTimeouts", "Handler", "LmtpDoor", "LmtpEnvelope", "LmtpSession"]

_DEFAULT = DoorTimeouts()
_FULL = Reply(421, "4.3.2", "Too many connections; try again later")


class LmtpDoor(Door):
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
        super().__init__(max_connections)
        self._handler = handler
        self._hostname = hostname
        self._size_limit = size_limit
        self._timeouts = timeouts

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = Stream(reader, writer, self._timeouts)
        if self._is_full:
            stream.say(_FULL)
            await stream.close()
            return
        address = writer.get_extra_info("peername")
        session = LmtpSession(peer=str(address[0]) if address else "")
        dialogue = Dialogue(
            stream, session, self._handler, hostname=self._hostname, size_limit=self._size_limit
        )
        try:
            await self._converse(dialogue)
        finally:
            await stream.close()
