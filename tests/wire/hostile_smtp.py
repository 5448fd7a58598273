"""A mail server that follows a script instead of the standard: refuses, drops, hangs, babbles, at any step."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self, TypeAlias


class Mischief(Enum):
    """What can be done instead of answering."""

    DROP = "close the connection"
    HANG = "say nothing"
    HALF_A_LINE = "say half a line and close"
    ENDLESS_LINE = "say a line that never ends"
    ENDLESS_REPLY = "say a reply that never ends"
    NO_SMTP = "speak another protocol"
    BINARY = "send noise"
    SLOWLY = "say yes, a byte at a time"
    TWICE = "answer twice"
    ADVANCE = "ask for more where nothing more can come"


Deed: TypeAlias = Mischief | str
"""Mischief, or a whole reply."""

STEPS = ("connect", "EHLO", "RSET", "MAIL", "RCPT", "DATA", "body", ".", "QUIT")
_USUAL = {
    "connect": "220 hostile",
    "HELO": "250 hostile",
    "RSET": "250 2.0.0 ok",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    ".": "250 2.0.0 taken",
    "QUIT": "221 2.0.0 bye",
}


@dataclass
class HostileServer:
    """`async with HostileServer({"RCPT": ["250 ok", Mischief.DROP]}) as server:` listens on `server.port`.

    A step's value is one deed for every time or a sequence (the last one stays). What really happened:
    `dots` counts final dots that arrived, `consented` the messages (not a lone dot) that were said yes to, whole.
    """

    script: Mapping[str, Deed | Sequence[Deed]]
    pipelining: bool = True
    port: int = 0
    dots: int = 0
    consented: int = 0
    bodies: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    _turns: dict[str, int] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _deed(self, step: str) -> Deed:
        written = self.script.get(step)
        if written is None:
            return self._hello() if step == "EHLO" else _USUAL.get(step, "500 5.5.1 what?")
        if isinstance(written, Mischief | str):
            return written
        turn = self._turns.get(step, 0)
        self._turns[step] = turn + 1
        return written[min(turn, len(written) - 1)]

    def _hello(self) -> str:
        return (
            "250-hostile\r\n250-PIPELINING\r\n250 8BITMIME"
            if self.pipelining
            else "250-hostile\r\n250 8BITMIME"
        )

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            await self._follow(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            self.commands.append("(gone)")
        except asyncio.CancelledError:
            self.commands.append("(cancelled)")
        finally:
            writer.close()

    async def _follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._do("connect", writer)
        while True:
            line = (await reader.readuntil(b"\r\n")).decode().strip()
            self.commands.append(line)
            verb = line[:4].upper()
            said = await self._do(verb, writer)
            if verb == "DATA" and said.startswith("354"):
                await self._take(reader, writer)
            elif verb == "QUIT":
                return

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if "body" in self.script:
            await reader.read(1)
            await self._do("body", writer)
        body = b""
        while not (body == b".\r\n" or body.endswith(b"\r\n.\r\n")):
            body += await reader.readuntil(b"\r\n")
        self.dots += 1
        self.bodies.append(body)
        said = await self._do(".", writer)
        if said.startswith("2") and body != b".\r\n":
            self.consented += 1

    async def _do(self, step: str, writer: asyncio.StreamWriter) -> str:
        """Do what the script says; return what was said if it was a whole reply."""
        deed = self._deed(step)
        if isinstance(deed, str):
            writer.write(f"{deed}\r\n".encode())
            await writer.drain()
            return deed
        usual = _USUAL.get(step, "250 ok") if step != "EHLO" else self._hello()
        for piece in _noises(deed, usual):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if deed is Mischief.HANG:
            await asyncio.sleep(3600)
        if deed in {Mischief.DROP, Mischief.HALF_A_LINE}:
            raise ConnectionAbortedError
        return usual if deed in {Mischief.SLOWLY, Mischief.TWICE} else ""


def _noises(deed: Mischief, usual: str) -> list[bytes]:
    reply = f"{usual}\r\n".encode()
    return {
        Mischief.HALF_A_LINE: [reply[: len(reply) // 2]],
        Mischief.ENDLESS_LINE: [b"250 " + b"x" * 1000] * 100,
        Mischief.ENDLESS_REPLY: [b"250-more\r\n" * 1000] * 20,
        Mischief.NO_SMTP: [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"],
        Mischief.BINARY: [bytes(range(256)) * 8 + b"\r\n"],
        Mischief.SLOWLY: [reply[i : i + 1] for i in range(len(reply))],
        Mischief.TWICE: [reply * 2],
        Mischief.ADVANCE: [b"354 go on\r\n"],
    }.get(deed, [])
