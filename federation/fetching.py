"""One request to another list server: to an address that was looked at first, bounded in time and size, never redirected.

Whoever names a server here must not be able to make us ask our own network (pitfall T10 of listfed/1): the name is resolved
once, every address of it has to be public, and that address is connected to.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import h11
import httpx

from federation.errors import InvalidAnswer, PeerAway, PeerSlow

DOCUMENT_OCTETS = 64 * 1024
ANSWER_OCTETS = 256 * 1024
_MOST_HEAD = 32 * 1024
_CHUNK = 16 * 1024
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long, in seconds, and how much, in octets; `allows_private` for networks of one's own and for trying things."""

    seconds: float = 3.0
    connect_seconds: float = 1.0
    octets: int = ANSWER_OCTETS
    allows_private: bool = False


async def fetch(url: str, bounds: Bounds) -> Fetched:
    """GET; raises PeerAway, PeerSlow, InvalidAnswer."""
    return await _ask("GET", url, None, {}, bounds)


async def post(url: str, body: bytes, headers: Mapping[str, str], bounds: Bounds) -> Fetched:
    """POST; raises PeerAway, PeerSlow, InvalidAnswer."""
    return await _ask("POST", url, body, headers, bounds)


async def _ask(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], bounds: Bounds
) -> Fetched:
    try:
        async with asyncio.timeout(bounds.seconds):
            host, port = _checked(url, allows_private=bounds.allows_private)
            address = await _address(host, port, allows_private=bounds.allows_private)
            return await _exchanged(method, url, host, address, body, headers, bounds)
    except TimeoutError as late:
        raise PeerSlow(f"it did not answer within {bounds.seconds:g} seconds") from late
    except (h11.ProtocolError, ValueError, OSError) as problem:
        raise PeerAway(_in_words(problem)) from problem


def _in_words(problem: Exception) -> str:
    match problem:
        case socket.gaierror():
            return "its name has no address"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not good: {problem.verify_message}"[:_LONGEST_REASON]
        case ConnectionRefusedError():
            return "it cannot be reached: nothing listens there"
        case OSError() if problem.strerror:
            return f"it cannot be reached: {problem.strerror}"[:_LONGEST_REASON]
        case _:
            return f"it cannot be reached: {type(problem).__name__}: {problem}"[:_LONGEST_REASON]


def _checked(url: str, *, allows_private: bool) -> tuple[str, int]:
    parts = urlsplit(url)
    schemes = ("https", "http") if allows_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or not url.isascii():
        raise PeerAway("only https is spoken between servers")
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


async def _address(host: str, port: int, *, allows_private: bool) -> str:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if not addresses:
        raise PeerAway("its name has no address")
    if not allows_private and not all(is_public(each) for each in addresses):
        raise PeerAway("its name leads into a private network")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet, however it is written."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is not None:
            return is_public(str(inner))
        if (int(found) >> 32) == 0x0064FF9B0000000000000000:
            return is_public(str(ip_address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


async def _exchanged(
    method: str,
    url: str,
    host: str,
    address: str,
    body: bytes | None,
    headers: Mapping[str, str],
    bounds: Bounds,
) -> Fetched:
    """One request on a connection of its own, spoken by h11: nothing around it follows redirects or keeps cookies."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    async with asyncio.timeout(bounds.connect_seconds):
        reader, writer = await asyncio.open_connection(
            address,
            parts.port or (443 if is_tls else 80),
            ssl=_tls() if is_tls else None,
            server_hostname=host if is_tls else None,
        )
    try:
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        fields = [
            ("Host", parts.netloc),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "Postroom"),
            ("Connection", "close"),
            ("Content-Length", str(len(body or b""))),
            *headers.items(),
        ]
        spoken = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=_MOST_HEAD)
        request = spoken.send(h11.Request(method=method, target=target, headers=fields))
        content = spoken.send(h11.Data(data=body or b""))
        writer.write((request or b"") + (content or b"") + (spoken.send(h11.EndOfMessage()) or b""))
        return await _read(spoken, reader, bounds.octets)
    finally:
        writer.close()


async def _read(spoken: h11.Connection, reader: asyncio.StreamReader, octets: int) -> Fetched:
    status, fields, body = 0, dict[str, str](), bytearray()
    while True:
        event = spoken.next_event()
        match event:
            case h11.NEED_DATA:
                spoken.receive_data(await reader.read(_CHUNK))
            case h11.Response():
                status = event.status_code
                fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
                if fields.get("content-encoding", "identity") != "identity":
                    raise InvalidAnswer("it compressed its answer without being asked to")
            case h11.Data():
                body += event.data
                if len(body) > octets:
                    raise InvalidAnswer(f"it answered with more than {octets // 1024} KiB")
            case h11.EndOfMessage():
                return Fetched(status, fields, bytes(body))
            case h11.InformationalResponse():
                continue
            case _:
                raise PeerAway("it hung up instead of answering")


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()
