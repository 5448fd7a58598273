"""A mail server in a process of its own that takes everything, and says when the first copy came and how many came."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from typing import Any

_END = b"\r\n.\r\n"
_HELLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"


@dataclass(frozen=True, slots=True)
class Tally:
    """What the sink has seen: its port, the monotonic second of the first and the latest copy, and recipients."""

    port: int
    first: "Synchronized[float]"
    latest: "Synchronized[float]"
    recipients: "Synchronized[int]"


class _Conversation(asyncio.Protocol):
    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._buffer = b""
        self._named = 0
        self._in_data = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers: list[bytes] = []
        while True:
            head, found, rest = self._buffer.partition(_END if self._in_data else b"\r\n")
            if not found:
                break
            self._buffer = rest
            answers.append(self._taken() if self._in_data else self._answer(head[:4].upper()))
        self._transport.write(b"".join(answers))

    def _taken(self) -> bytes:
        now = time.monotonic()
        self._tally.first.value = self._tally.first.value or now
        self._tally.latest.value = now
        self._tally.recipients.value += self._named
        self._named, self._in_data = 0, False
        return b"250 2.0.0 taken\r\n"

    def _answer(self, verb: bytes) -> bytes:
        match verb:
            case b"RCPT":
                self._named += 1
                return b"250 2.1.5 ok\r\n"
            case b"DATA":
                self._in_data = True
                return b"354 go on\r\n"
            case b"EHLO":
                return _HELLO
            case _:
                return b"250 2.0.0 ok\r\n"


def _serve(tally: Tally, ready: Any) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Conversation(tally), "127.0.0.1", tally.port)
        ready.set()
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def timing_sink(port: int) -> Iterator[Tally]:
    """Run one on a port."""
    fork = multiprocessing.get_context("fork")
    tally = Tally(port, fork.Value("d", 0.0), fork.Value("d", 0.0), fork.Value("q", 0))
    ready = fork.Event()
    process = fork.Process(target=_serve, args=(tally, ready), daemon=True)
    process.start()
    ready.wait(10)
    try:
        yield tally
    finally:
        process.kill()
        process.join()
