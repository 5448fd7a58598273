"""A line to one directory server, as a plain local socket: name, TCP and TLS within a deadline, whatever the other side does."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from mail.instant import SECOND, to_rfc3339

# RFC 4511, section 4.14: an ExtendedRequest with the name 1.3.6.1.4.1.1466.20037, as message 1.
_START_TLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
_PIECE = 65_536
# What one question may bring at most; a page of 1,000 entries is some hundred kilobytes.
_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Server:
    """One directory server; `tls` is starttls, ldaps or none."""

    name: str
    port: int
    tls: str

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.tls != "none" or self.is_loopback

    @property
    def is_loopback(self) -> bool:
        """Whether it runs on this machine."""
        if self.name == "localhost":
            return True
        try:
            return ip_address(self.name).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


class LineDown(Exception):
    """No line to this server; the words say at which step it failed."""

    code = "DIRECTORY_UNAVAILABLE"

    def __init__(self, words: str, *, is_silent: bool) -> None:
        """`is_silent`: it did not answer, so that asking again soon is no use."""
        super().__init__(words)
        self.is_silent = is_silent


class Line:
    """An open line: whoever speaks LDAP gets `end`; `most` bounds what may still come in, in bytes."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.most = _MOST_BYTES

    def begin_question(self) -> None:
        """Let as much come in as one answer may have."""
        self.most = _MOST_BYTES


@asynccontextmanager
async def open_line(server: Server, ca_file: str, said: list[str]) -> AsyncIterator[Line]:
    """Connect, with TLS where the server is to have it; `said` gets a sentence for each step that went well.

    The certificate has to be one for the server's name, from `ca_file` or, where that is empty, from an authority that
    the system trusts (pitfall 40). The caller sets the deadline (asyncio.timeout). Raises LineDown.

    TLS is done here and not by libldap, whose handshake waits for ever for a server that says nothing.
    """
    reader, writer = await _connection(server, ca_file, said)
    ours, theirs = socket.socketpair()
    line = Line(theirs)
    tasks: list[asyncio.Task[None]] = []
    writers = [writer]
    try:
        inner_reader, inner_writer = await asyncio.open_connection(sock=ours)
        writers.append(inner_writer)
        tasks = [
            asyncio.create_task(_carry(reader, inner_writer, line)),
            asyncio.create_task(_carry(inner_reader, writer, None)),
        ]
        yield line
    finally:
        theirs.close()
        await _end(tasks, writers)


async def _connection(
    server: Server, ca_file: str, said: list[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(server.name, server.port, type=socket.SOCK_STREAM)
    except OSError as unknown:
        words = f"the name {server.name} was not found ({unknown.strerror or unknown})"
        raise LineDown(words, is_silent=True) from None
    said.append(f"{server.name} is {', '.join(dict.fromkeys(str(each[4][0]) for each in found))}.")
    try:
        reader, writer = await asyncio.open_connection(server.name, server.port)
    except OSError as refused:
        words = f"{server} does not take connections ({refused.strerror or refused})"
        raise LineDown(words, is_silent=True) from None
    said.append(f"{server} takes connections.")
    try:
        await _privately(server, ca_file, reader, writer, said)
    except BaseException:
        await _end([], [writer])
        raise
    return reader, writer


async def _privately(
    server: Server, ca_file: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: list[str]
) -> None:
    if server.tls == "none":
        return
    context = _context(ca_file)
    try:
        if server.tls == "starttls":
            await _ask_for_tls(reader, writer)
        await writer.start_tls(context, server_hostname=server.name)
    except ssl.SSLCertVerificationError as wrong:
        words = f"the certificate of {server} is not believed: {wrong.verify_message}"
        raise LineDown(words, is_silent=False) from None
    except (OSError, EOFError, ValueError) as broken:
        words = f"{server} does not begin TLS ({str(broken) or type(broken).__name__})"
        raise LineDown(words, is_silent=False) from None
    said.append(_about_certificate(server, writer))


def _context(ca_file: str) -> ssl.SSLContext:
    try:
        return _believing(ca_file, Path(ca_file).stat().st_mtime_ns if ca_file else 0)
    except (OSError, ssl.SSLError) as unreadable:
        raise LineDown(
            f"the certificates in {ca_file} cannot be read ({unreadable})", is_silent=False
        ) from None


@lru_cache(maxsize=64)
def _believing(ca_file: str, changed_at: int) -> ssl.SSLContext:
    """What believes these authorities, read anew when the file has changed: hundreds of them take a while to read."""
    return ssl.create_default_context(cafile=ca_file or None)


async def _ask_for_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask for TLS (RFC 4511, section 4.14); raises ValueError for any answer but success."""
    writer.write(_START_TLS)
    await writer.drain()
    head = await reader.readexactly(2)
    if head[0] != 0x30:
        raise ValueError("it does not speak LDAP")
    length = head[1]
    if length & 0x80:
        length = int.from_bytes(await reader.readexactly(min(length & 0x7F, 2)))
    answer = await reader.readexactly(length)
    # messageID, then the response, whose first member is the result code.
    if len(answer) < 8 or answer[:4] != bytes.fromhex("02010178"):
        raise ValueError("it does not know StartTLS")
    inner = answer[4:]
    inner = inner[1 + (inner[0] & 0x7F if inner[0] & 0x80 else 0) :]
    if inner[:3] != bytes.fromhex("0a0100"):
        raise ValueError("it refuses StartTLS")


def _about_certificate(server: Server, writer: asyncio.StreamWriter) -> str:
    certificate = writer.get_extra_info("peercert") or {}
    ends_at = int(ssl.cert_time_to_seconds(certificate["notAfter"])) * SECOND
    connection = writer.get_extra_info("ssl_object")
    return f"{connection.version()}; the certificate is one for {server.name} and valid until {to_rfc3339(ends_at)}."


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bounded: Line | None) -> None:
    try:
        # A line that breaks off tells whoever speaks on it by its end.
        with contextlib.suppress(OSError):
            while piece := await reader.read(_PIECE):
                if bounded is not None:
                    bounded.most -= len(piece)
                    if bounded.most < 0:
                        return
                writer.write(piece)
                await writer.drain()
    finally:
        writer.close()


async def _end(tasks: list[asyncio.Task[None]], writers: list[asyncio.StreamWriter]) -> None:
    if tasks:
        # Let "unbind" get out; nobody waits for an answer to it (RFC 4511, section 4.3).
        await asyncio.wait(tasks[1:], timeout=0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for writer in writers:
        # Not closed politely: that would wait for the other side.
        writer.transport.abort()
    for writer in writers:
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), 0.5)
