"""The real program with big lists in it, and the door through which a post comes."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from bench._world import DOMAIN, message
from bench.bare_smtp import HOST
from tests.databases import free_port

PROGRAM = str(Path(sys.executable).parent / "postroom")
SECRET = b"t" * 64
ROLES = {"one process": ("serve",), "three processes": ("web", "door", "worker")}


@dataclass(frozen=True, slots=True)
class Program:
    """Its processes by role, and where its door is."""

    processes: dict[str, subprocess.Popen[bytes]]
    lmtp_port: int

    @property
    def sender(self) -> subprocess.Popen[bytes]:
        """The process that delivers."""
        return self.processes.get("worker") or self.processes["serve"]

    async def post(self, name: str, size: int = 4_000) -> float:
        """A post to a list by LMTP; the instant of its 250."""
        reader, writer = await asyncio.open_connection(HOST, self.lmtp_port)
        await _said(reader)
        for command in (
            "LHLO bench.example",
            "MAIL FROM:<author@a.example>",
            f"RCPT TO:<{name}@{DOMAIN}>",
            "DATA",
        ):
            writer.write(f"{command}\r\n".encode())
            await _said(reader)
        writer.write(message(size) + b".\r\n")
        answer = await _said(reader)
        at = time.monotonic()
        writer.close()
        if not answer.startswith(b"250"):
            raise RuntimeError(answer.decode())
        return at

    def resident(self) -> int:
        """Bytes of memory that the delivering process holds."""
        status = Path(f"/proc/{self.sender.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024


async def _said(reader: asyncio.StreamReader) -> bytes:
    while (line := await reader.readline())[3:4] == b"-":
        continue
    if line[:1] not in b"23" or not line:
        raise RuntimeError(line.decode())
    return line


def write_secret(directory: Path) -> None:
    """So that this process may write into the program's database before it runs."""
    path = directory / "secret.key"
    path.write_bytes(SECRET)
    path.chmod(0o600)


@contextlib.asynccontextmanager
async def running(
    directory: Path, url: str, smtp_port: int, roles: tuple[str, ...]
) -> AsyncIterator[Program]:
    """Start it and wait until it is ready."""
    http_port, lmtp_port = free_port(), free_port()
    environment = os.environ | {
        "POSTROOM_DATA_DIR": str(directory),
        "POSTROOM_DATABASE_URL": url,
        "POSTROOM_HTTP_PORT": str(http_port),
        "POSTROOM_LMTP_PORT": str(lmtp_port),
        "POSTROOM_SMTP_PORT": str(smtp_port),
        "POSTROOM_SMTP_TLS": "off",
    }
    with (directory / "program.log").open("ab") as log:
        processes = _started(roles, environment, log)
    try:
        await _until_ready(http_port, lmtp_port)
        yield Program(processes, lmtp_port)
    finally:
        for each in processes.values():
            each.send_signal(signal.SIGTERM)
        for each in processes.values():
            await asyncio.to_thread(each.wait, 20)


def _started(
    roles: tuple[str, ...], environment: dict[str, str], log: IO[bytes]
) -> dict[str, subprocess.Popen[bytes]]:
    return {
        role: subprocess.Popen([PROGRAM, role], env=environment, stdout=log, stderr=log) for role in roles
    }


async def _until_ready(http_port: int, lmtp_port: int) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.TransportError, OSError):
                answer = await client.get(f"http://{HOST}:{http_port}/readyz")
                _, writer = await asyncio.open_connection(HOST, lmtp_port)
                writer.close()
                if answer.status_code == 200:
                    return
            await asyncio.sleep(0.1)
