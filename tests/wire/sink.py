"""A small, fast SMTP server that takes everything, except what a test tells it to refuse, and remembers it."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

OFFERS = ("PIPELINING", "SIZE 20000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
_END = b"\r\n.\r\n"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was taken: `data` without doubled dots, `mail` the whole MAIL command."""

    mail: str
    reverse_path: str
    recipients: tuple[str, ...]
    data: bytes
    connection: int
    was_encrypted: bool


@dataclass
class Sink:
    """`async with Sink() as sink:` listens on `sink.port`.

    `answers` maps a recipient, `MAIL`, `DATA` or `.` to the reply it gets instead of yes. `greets_with_ehlo`
    False refuses EHLO. With `tls`, STARTTLS is offered. Of each message it takes `most_recipients` (0: any number), and says
    `too_many` to the others. `commands` are all command lines, in order; `crowded`
    counts pieces that brought several commands.
    """

    offers: tuple[str, ...] = OFFERS
    answers: Mapping[str, str] = field(default_factory=dict)
    greets_with_ehlo: bool = True
    tls: ssl.SSLContext | None = None
    keeps_data: bool = True
    most_recipients: int = 0
    too_many: str = "452 4.5.3 too many recipients"
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    crowded: int = 0
    _server: asyncio.Server | None = None
    _open: "set[_Conversation]" = field(default_factory=set)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Conversation(self), "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.hang_up()
        await asyncio.sleep(0)

    @property
    def open_connections(self) -> int:
        """How many peers are connected."""
        return len(self._open)

    def hang_up(self) -> None:
        """Close every connection without a word."""
        for conversation in list(self._open):
            conversation.drop()

    async def wait_for(self, count: int, seconds: float = 30.0) -> list[Taken]:
        """Wait until so many messages were taken; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.taken) < count:
                await asyncio.sleep(0.01)
        return self.taken


class _Conversation(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._number = 0
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._in_data = False
        self._encrypted = False
        self._securing: asyncio.Task[None] | None = None
        self._forget()

    def _forget(self) -> None:
        self._mail = ""
        self._recipients: list[str] = []

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._sink.connections += 1
        self._number = self._sink.connections
        self._sink._open.add(self)
        self._say("220 sink ESMTP")

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink._open.discard(self)

    def _say(self, *lines: str) -> None:
        if self._transport is not None:
            self._transport.write("".join(f"{line}\r\n" for line in lines).encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._in_data and data.count(b"\n") > 1:
            self._sink.crowded += 1
        replies: list[str] = []
        while self._securing is None:
            if self._in_data:
                end = self._buffer.find(_END)
                if end < 0:
                    break
                body = bytes(self._buffer[2 : end + 2])
                del self._buffer[: end + len(_END)]
                self._in_data = False
                replies.append(self._take(body))
                continue
            line, newline, rest = self._buffer.partition(b"\r\n")
            if not newline:
                break
            self._buffer = rest
            replies.append(self._obey(line.decode()))
        if replies:
            self._say(*replies)

    def _take(self, body: bytes) -> str:
        answer = self._sink.answers.get(".", "250 2.0.0 taken")
        if answer.startswith("2"):
            data = body.replace(b"\r\n.", b"\r\n").removeprefix(b".") if self._sink.keeps_data else b""
            path = self._mail.partition("<")[2].partition(">")[0]
            self._sink.taken.append(
                Taken(self._mail, path, tuple(self._recipients), data, self._number, self._encrypted)
            )
        self._forget()
        return answer

    def _obey(self, line: str) -> str:
        sink = self._sink
        sink.commands.append(line)
        verb = line[:4].upper()
        if verb == "EHLO":
            return self._hello()
        if verb == "MAIL":
            if self._mail:
                return "503 5.5.1 sender given already"
            answer = sink.answers.get("MAIL", "250 2.1.0 ok")
            self._mail = line if answer.startswith("2") else ""
            return answer
        if verb == "RCPT":
            return self._rcpt(line)
        if verb == "DATA":
            return self._data()
        if verb == "RSET":
            self._forget()
        if line.upper() == "STARTTLS" and sink.tls is not None:
            self._securing = asyncio.get_running_loop().create_task(self._secure(sink.tls))
            return "220 2.0.0 go on"
        if verb == "QUIT" and self._transport is not None:
            self._say("221 2.0.0 bye")
            self._transport.close()
        return "250 2.0.0 ok" if verb in {"HELO", "RSET", "NOOP", "QUIT"} else "500 5.5.1 unknown"

    def _hello(self) -> str:
        if not self._sink.greets_with_ehlo:
            return "502 5.5.1 EHLO is unknown"
        offers = ["sink", *self._sink.offers]
        if self._sink.tls is not None and not self._encrypted:
            offers.append("STARTTLS")
        return "\r\n".join([*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"])

    def _rcpt(self, line: str) -> str:
        if not self._mail:
            return "503 5.5.1 no sender"
        if 0 < self._sink.most_recipients <= len(self._recipients):
            return self._sink.too_many
        recipient = line.partition("<")[2].rpartition(">")[0]
        answer = self._sink.answers.get(recipient, "250 2.1.5 ok")
        if answer.startswith("2"):
            self._recipients.append(recipient)
        return answer

    def _data(self) -> str:
        if not self._recipients:
            return "554 5.5.1 no recipients"
        answer = self._sink.answers.get("DATA", "354 go on")
        if answer.startswith("3"):
            self._in_data = True
            self._buffer[:0] = b"\r\n"
        return answer

    async def _secure(self, context: ssl.SSLContext) -> None:
        if self._transport is None:
            return
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(self._transport, self, context, server_side=True)
        except OSError:
            self.drop()
            return
        self._transport, self._encrypted = secured, True
        self._securing = None
        self._forget()
        self.data_received(b"")
