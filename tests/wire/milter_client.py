"""An MTA's side of the milter protocol, written down here byte by byte so that two readings of it meet."""

import asyncio
import contextlib
import re
import struct
from collections.abc import AsyncIterator, Sequence

from mail.status import Reply, parse_reply

VERSION = 6
# What Postfix 3.7 offers: every edit and the choice of macros; every event may be left out or left unanswered.
ACTIONS, STEPS = 0x1FF, 0x1FFFFF
NR_HEADER, LEADING_SPACE = 0x80, 0x100000
_CONTINUE, _ACCEPT = b"c", b"a"
_BODY_PIECE = 65_535


class HungUp(Exception):
    """The milter closed the connection."""


def packet(letter: bytes, content: bytes = b"") -> bytes:
    """One packet."""
    return struct.pack("!L", len(content) + 1) + letter + content


def negotiation(version: int = VERSION, actions: int = ACTIONS, steps: int = STEPS) -> bytes:
    """What an MTA says first."""
    return packet(b"O", struct.pack("!LLL", version, actions, steps))


class Mta:
    """One connection of an MTA process; messages follow one another on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.chosen = 0
        self.macros: dict[int, str] = {}

    async def answer(self) -> tuple[bytes, bytes]:
        """The next packet; its letter and its content. Raises HungUp."""
        try:
            length = struct.unpack("!L", await self.reader.readexactly(4))[0]
            content = await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionResetError) as gone:
            raise HungUp from gone
        return content[:1], content[1:]

    async def agree(self, version: int = VERSION, actions: int = ACTIONS, steps: int = STEPS) -> None:
        """Agree on what is sent and answered."""
        self.writer.write(negotiation(version, actions, steps))
        letter, content = await self.answer()
        spoken, wanted, self.chosen = struct.unpack_from("!LLL", content)
        assert letter == b"O"
        assert spoken <= version
        assert wanted & ~actions == self.chosen & ~steps == 0
        for stage, names in re.findall(rb"(....)([^\0]*)\0", content[12:], re.DOTALL):
            self.macros[struct.unpack("!L", stage)[0]] = names.decode()

    async def event(self, letter: bytes, content: bytes = b"", *, unanswered: int = 0) -> Reply | None:
        """One event; what the milter refuses it with, or None. `unanswered` is the step that means no answer."""
        self.writer.write(packet(letter, content))
        if self.chosen & unanswered:
            return None
        answered, words = await self.answer()
        if answered == b"y":
            text = words.removesuffix(b"\0").decode().replace("%%", "%")
            reply = parse_reply(text)
            assert reply is not None
            return reply
        assert answered in (_CONTINUE, _ACCEPT), answered
        return Reply(250, "2.0.0", "accepted" if answered == _ACCEPT else "go on")

    async def envelope(self, reverse_path: str, recipients: Sequence[str]) -> list[Reply | None]:
        """MAIL and the RCPTs; the answers to these."""
        self.writer.write(packet(b"D", b"M{client_addr}\x00192.0.2.7\0"))
        await self.event(b"M", f"<{reverse_path}>".encode() + b"\0", unanswered=0x4000)
        return [await self.event(b"R", f"<{each}>".encode() + b"\0") for each in recipients]

    async def content(self, raw: bytes) -> Reply | None:
        """DATA and what follows; the answer to the message."""
        begun = await self.event(b"T")
        if begun is not None and (begun.text == "accepted" or not begun.is_positive):
            return begun
        head, _, body = (b"\r\n" + raw).partition(b"\r\n\r\n")
        for field in re.split(rb"\r\n(?![ \t])", head[2:]) if head else []:
            name, _, value = field.partition(b":")
            shown = value if self.chosen & LEADING_SPACE else value.lstrip(b" ")
            line = name + b"\0" + shown.replace(b"\r\n", b"\n") + b"\0"
            await self.event(b"L", line, unanswered=NR_HEADER)
        await self.event(b"N", unanswered=0x40000)
        for start in range(0, len(body), _BODY_PIECE):
            await self.event(b"B", body[start : start + _BODY_PIECE], unanswered=0x80000)
        return await self.event(b"E")

    async def message(self, reverse_path: str, recipients: Sequence[str], raw: bytes) -> Reply:
        """A whole transaction as an MTA goes through it; the answer that its client would see last."""
        answers = await self.envelope(reverse_path, recipients)
        refused = [each for each in answers if each is not None and not each.is_positive]
        if len(refused) == len(answers):
            self.writer.write(packet(b"A"))
            return refused[0]
        reply = await self.content(raw)
        assert reply is not None
        return reply


@contextlib.asynccontextmanager
async def mta(port: int, **offer: int) -> AsyncIterator[Mta]:
    """A connection that has agreed with the milter at a port."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    speaking = Mta(reader, writer)
    try:
        await speaking.agree(**offer)
        yield speaking
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
