"""The ceiling of delivery: the same bytes over as many connections by a client that keeps no state and reads no words."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import aiosmtplib

from delivery.transports.smtp import Envelope, SmtpConnection
from delivery.transports.stuffing import stuffed

HOST = "127.0.0.1"
Blast = Callable[[str, int, Sequence[Envelope], bytes, int], Coroutine[None, None, float]]


class _Bare(asyncio.Protocol):
    """Counts lines of replies, and stops the run when one is no 2yz or 3yz."""

    def __init__(self, envelopes: Iterator[Envelope], body: bytes, done: "asyncio.Future[None]") -> None:
        self._envelopes = envelopes
        self._body = body
        self._done = done
        self._awaited = 1
        self._next: Callable[[], None] = self._greet

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if data[0] not in b"23" or b"\n4" in data or b"\n5" in data:
            self._done.set_exception(RuntimeError(data.decode(errors="replace")))
            self._transport.abort()
            return
        self._awaited -= data.count(b"\n")
        if self._awaited == 0:
            self._next()

    def _greet(self) -> None:
        self._send(b"HELO bench\r\n", 1, self._announce)

    def _announce(self) -> None:
        envelope = next(self._envelopes, None)
        if envelope is None:
            self._transport.close()
            self._done.set_result(None)
            return
        names = ">\r\nRCPT TO:<".join(envelope.recipients)
        group = f"MAIL FROM:<{envelope.reverse_path}>\r\nRCPT TO:<{names}>\r\nDATA\r\n"
        self._send(group.encode(), len(envelope.recipients) + 2, self._give)

    def _give(self) -> None:
        self._send(self._body, 1, self._announce)

    def _send(self, data: bytes, replies: int, then: Callable[[], None]) -> None:
        self._awaited, self._next = replies, then
        self._transport.write(data)


async def blast(host: str, port: int, envelopes: Sequence[Envelope], data: bytes, connections: int) -> float:
    """Send dot-stuffed `data` once for each envelope over so many connections; return the seconds it took.

    Raises RuntimeError when the server refuses anything.
    """
    loop = asyncio.get_running_loop()
    queue, body = iter(envelopes), data + b".\r\n"
    began = time.perf_counter()
    waiting = [loop.create_future() for _ in range(connections)]
    for done in waiting:
        await loop.create_connection(lambda done=done: _Bare(queue, body, done), host, port)  # type: ignore[misc]
    await asyncio.gather(*waiting)
    return time.perf_counter() - began


async def ours(host: str, port: int, envelopes: Sequence[Envelope], data: bytes, connections: int) -> float:
    """The same with delivery's own client."""
    queue = iter(envelopes)

    async def sender() -> None:
        connection = await SmtpConnection.connect(host, port, hostname="bench", tls="none")
        for envelope in queue:
            if not (await connection.send(envelope, data)).accepted:
                raise RuntimeError("refused")
        await connection.quit()

    began = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(connections)))
    return time.perf_counter() - began


async def usual(host: str, port: int, envelopes: Sequence[Envelope], data: bytes, connections: int) -> float:
    """The same with aiosmtplib."""
    queue = iter(envelopes)

    async def sender() -> None:
        client = aiosmtplib.SMTP(hostname=host, port=port, use_tls=False, start_tls=False)
        await client.connect()
        for envelope in queue:
            await client.sendmail(envelope.reverse_path, list(envelope.recipients), data)
        await client.quit()

    began = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(connections)))
    return time.perf_counter() - began


@contextmanager
def sink() -> Iterator[int]:
    """A server in a process of its own that takes everything: Postfix's smtp-sink, or else one in Python."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    program = shutil.which("smtp-sink")
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    in_python = [sys.executable, "-m", "bench._open_sink", str(port)]
    process = subprocess.Popen([program, *user, f"{HOST}:{port}", "1000"] if program else in_python)
    try:
        for _ in range(200):
            try:
                socket.create_connection((HOST, port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def _measure(client: Blast, port: int, envelopes: Sequence[Envelope], data: bytes) -> tuple[float, float]:
    """CPU microseconds of this process per message, and messages per second."""
    began = time.process_time()
    seconds = asyncio.run(client(HOST, port, envelopes, data, 10))
    cpu = time.process_time() - began
    return cpu / len(envelopes) * 1e6, len(envelopes) / seconds


def main() -> None:
    """Compare the clients, best of three interleaved rounds, with the bare one as the reference."""
    data = stuffed(b"Subject: bench\r\n\r\n" + (b"x" * 76 + b"\r\n") * 52)
    clients: dict[str, Blast] = {"bare": blast, "SmtpConnection": ours, "aiosmtplib": usual}
    with sink() as port:
        for recipients, messages in ((1, 4000), (100, 400)):
            names = [f"member{i}@example.edu" for i in range(recipients)]
            envelopes = [Envelope("list-bounces@lists.example.org", names)] * messages
            best = dict.fromkeys(clients, (float("inf"), 0.0))
            for _ in range(3):
                for name, client in clients.items():
                    cpu, rate = _measure(client, port, envelopes, data)
                    best[name] = min(best[name][0], cpu), max(best[name][1], rate)
            print(f"{recipients} recipients per message, {len(data)} octets, 10 connections")
            for name, (cpu, rate) in best.items():
                ratio = cpu / best["bare"][0]
                print(f"  {name:15} {cpu:8.1f} µs CPU/message ({ratio:5.2f} × bare) {rate:9.0f} messages/s")


if __name__ == "__main__":
    main()
