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

import httpx

from federation.errors import InvalidAnswer, PeerAway, PeerSlow

DOCUMENT_OCTETS = 64 * 1024
ANSWER_OCTETS = 256 * 1024


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
    except (TimeoutError, httpx.TimeoutException) as late:
        raise PeerSlow(f"it did not answer within {bounds.seconds:g} seconds") from late
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        raise PeerAway(f"it cannot be reached: {type(problem).__name__}: {problem}"[:200]) from problem


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
    parts = urlsplit(url)
    sent = {"Host": parts.netloc, "Accept-Encoding": "identity", "User-Agent": "Postroom", **headers}
    timeout = httpx.Timeout(bounds.seconds, connect=bounds.connect_seconds)
    where = httpx.URL(url).copy_with(host=address)
    transport = httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False, retries=0)
    extensions = {"sni_hostname": host, "timeout": timeout.as_dict()}
    request = httpx.Request(method, where, content=body, headers=sent, extensions=extensions)
    # Without a client around it, nothing follows redirects, keeps cookies or reads the environment.
    async with transport:
        answer = await transport.handle_async_request(request)
        try:
            return Fetched(answer.status_code, dict(answer.headers), await _read(answer, bounds.octets))
        finally:
            await answer.aclose()


async def _read(answer: httpx.Response, octets: int) -> bytes:
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise InvalidAnswer("it compressed its answer without being asked to")
    body = bytearray()
    async for chunk in answer.aiter_raw(16 * 1024):
        body += chunk
        if len(body) > octets:
            raise InvalidAnswer(f"it answered with more than {octets // 1024} KiB")
    return bytes(body)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()
