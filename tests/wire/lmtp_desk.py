"""A handler behind a real LMTP door that remembers what it took, and raw dialogues with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest

from delivery.door.lmtp import DoorTimeouts, LmtpDoor, LmtpEnvelope, LmtpSession
from mail.status import Reply

LIMIT = 10_000
HELLO = b"LHLO mta.example.org\r\n"
LETTER = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<l@lists.example.org>\r\nDATA\r\n"


@dataclass
class Desk:
    """Takes every message for addresses that exist, remembers it, and can be made to fail."""

    taken: list[LmtpEnvelope] = field(default_factory=list)
    parameters: list[Mapping[str, str]] = field(default_factory=list)
    replies: list[Reply] | None = None
    fails: bool = False
    open_for_business: asyncio.Event | None = None
    began: int = 0

    async def recipient(
        self, session: LmtpSession, reverse_path: str, recipient: str, parameters: Mapping[str, str]
    ) -> Reply:
        self.parameters.append(dict(parameters))
        if recipient.startswith("unknown"):
            return Reply(550, "5.1.1", "No such list")
        if recipient.startswith("crash"):
            raise RuntimeError("secret details")
        if recipient.startswith("nonsense"):
            return Reply(354, None, "go on")
        return Reply(250, "2.1.5", "Ok")

    async def deliver(self, session: LmtpSession, envelope: LmtpEnvelope) -> list[Reply]:
        self.began += 1
        if self.open_for_business is not None:
            await self.open_for_business.wait()
        if self.fails:
            raise RuntimeError("secret details")
        self.taken.append(envelope)
        if self.replies is not None:
            return self.replies
        return [Reply(250, "2.0.0", f"Kept for {name}") for name in envelope.recipients]


@contextlib.asynccontextmanager
async def door(
    desk: Desk, *, timeouts: DoorTimeouts | None = None, max_connections: int = 100
) -> AsyncIterator[tuple[LmtpDoor, int]]:
    opened = LmtpDoor(
        desk,
        hostname="door.example.org",
        size_limit=LIMIT,
        max_connections=max_connections,
        timeouts=timeouts or DoorTimeouts(command=5, data=5),
    )
    server = await opened.listen("127.0.0.1", 0)
    try:
        yield opened, server.sockets[0].getsockname()[1]
    finally:
        await opened.close(grace=1)


async def say(port: int, *pieces: bytes, pause: float = 0.0) -> list[str]:
    """Send pieces, end our side, and return the lines of the answer after the greeting."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        if not writer.is_closing():
            writer.write(piece)
        await asyncio.sleep(pause)
    said = b""
    try:
        if not writer.is_closing():
            writer.write_eof()
        said = await asyncio.wait_for(reader.read(), 10)
    except TimeoutError:
        pytest.fail("the door neither answers nor hangs up")
    except OSError:  # a door that has hung up answers late words with a reset
        said = said or b"\r\n"
    writer.close()
    return said.decode().split("\r\n")[1:-1]


def codes(lines: list[str]) -> list[str]:
    """The last lines of the replies, without their texts, after LHLO's."""
    final = [line for line in lines if line[3:4] != "-"]
    return [" ".join(line.split(" ")[:2]) if line[4:5].isdigit() else line[:3] for line in final[1:]]
