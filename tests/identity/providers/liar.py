"""A directory that says yes to every password: enough of LDAP (RFC 4511) on a local port to be asked by the real library."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_SUCCESS = bytes.fromhex("0a010004000400")
_BIND, _UNBIND, _SEARCH, _EXTENDED = 0x60, 0x42, 0x63, 0x77


@dataclass
class Liar:
    """`identity` is what it answers to "who am I?"; None: it does not know the question. `binds` counts passwords."""

    port: int
    identity: str | None
    dn: str
    binds: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        self.writers.append(writer)
        while head := await reader.read(2):
            body = await reader.readexactly(await _length(reader, head[1]))
            number, operation = body[: 2 + body[1]], body[2 + body[1] :]
            if operation[0] == _UNBIND:
                break
            for answer in self._answers(operation[0]):
                writer.write(_tlv(0x30, number + answer))
        writer.close()

    def _answers(self, operation: int) -> list[bytes]:
        if operation == _BIND:
            self.binds += 1
            return [_tlv(0x61, _SUCCESS)]
        if operation == _SEARCH:
            values = _tlv(0x31, _tlv(0x04, b"5f2c7a1e"))
            attribute = _tlv(0x30, _tlv(0x04, b"entryUUID") + values)
            entry = _tlv(0x64, _tlv(0x04, self.dn.encode()) + _tlv(0x30, attribute))
            return [entry, _tlv(0x65, _SUCCESS)]
        assert operation == _EXTENDED
        if self.identity is None:
            return [_tlv(0x78, bytes.fromhex("0a010204000400"))]
        return [_tlv(0x78, _SUCCESS + _tlv(0x8B, self.identity.encode()))]


@asynccontextmanager
async def liar(identity: str | None, dn: str) -> AsyncIterator[Liar]:
    """Run one until the block ends."""
    made = Liar(0, identity, dn)
    listening = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()
        for each in made.writers:
            each.close()
        await listening.wait_closed()


async def _length(reader: asyncio.StreamReader, first: int) -> int:
    if first < 0x80:
        return first
    return int.from_bytes(await reader.readexactly(first & 0x7F))


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x82]) + size.to_bytes(2)
    return bytes([tag]) + length + content
