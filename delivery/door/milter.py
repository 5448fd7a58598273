"""The milter door: an MTA asks here whether to let a message in, while its sender is still connected."""

import asyncio

import structlog

from delivery.door.connections import Door
from delivery.door.milter_content import Room
from delivery.door.milter_dialogue import MilterDialogue
from delivery.door.milter_gate import Gate, SeenMessage
from delivery.door.milter_packets import Packets
from delivery.door.stream import DoorTimeouts

__all__ = ["Gate", "MilterDoor", "SeenMessage"]

log = structlog.get_logger(__name__)

# An MTA process keeps its connection while its client is there, for hours if need be; libmilter waits as long.
_PATIENT = DoorTimeouts(command=7_210, data=60)
_MOST_WHOLE_MESSAGES = 20


class MilterDoor(Door):
    """A milter in front of a gate, for protocol versions 2 to 6.

    It believes what its peer says, so only our own mail servers may reach it. `size_limit` is in octets; all messages
    together take at most 20 times that.
    """

    def __init__(
        self, gate: Gate, *, size_limit: int, max_connections: int = 500, timeouts: DoorTimeouts = _PATIENT
    ) -> None:
        super().__init__(max_connections)
        self._gate = gate
        self._size_limit = size_limit
        self._timeouts = timeouts
        self._room = Room(_MOST_WHOLE_MESSAGES * size_limit)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packets = Packets(reader, writer, self._timeouts)
        if self._is_full:
            # There is no word for it in the protocol; the MTA does what its milter_default_action says.
            log.warning("milter_too_many_connections", open=len(self._open))
            await packets.close()
            return
        dialogue = MilterDialogue(packets, self._gate, self._room, size_limit=self._size_limit)
        try:
            await self._converse(dialogue)
        finally:
            await packets.close()
