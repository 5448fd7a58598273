"""One request to a server that an operator named: bounded in time and size, over verified TLS, never redirected."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from identity.provider import ProviderAway

# What a person waits at most for one step of a sign-in, all requests of the step together.
STEP_SECONDS = 5.0
LARGEST_REPLY = 256 * 1024
_contexts: dict[tuple[str, float], ssl.SSLContext] = {}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered; `media_type` is in lower case and without parameters, `location` is followed by nobody."""

    status: int
    media_type: str
    body: bytes
    location: str = ""

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; raises ValueError for anything else."""
        try:
            found = json.loads(self.body.decode("utf-8"))
        except RecursionError as deep:
            raise ValueError("it is nested too deeply") from deep
        if isinstance(found, dict):
            return found
        raise ValueError("it is no JSON object")


def checked_url(url: str) -> str:
    """The URL, if it may be asked: https, or http on this host's loopback; raises ValueError that says what is wrong."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError as problem:
        raise ValueError(f"{url!r} is no URL") from problem
    if not url.isascii() or any(letter in url for letter in ' \t\r\n\\"<>'):
        raise ValueError(f"{url!r} is no URL")
    if not host or port == 0 or "@" in parts.netloc or "#" in url:
        raise ValueError(f"{url!r} must name a host, and neither a user nor a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ValueError(f"{url!r} must begin with https://")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL that `checked_url` let pass, with the port that goes without saying left out."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, usual} else "")


@asynccontextmanager
async def one_step(who: str) -> AsyncIterator[None]:
    """Bound everything in the block by the time of one step; raises ProviderAway when it is over. `who` is for the log."""
    try:
        async with asyncio.timeout(STEP_SECONDS):
            yield
    except TimeoutError as late:
        raise ProviderAway(f"{who} did not answer within {STEP_SECONDS:.0f} seconds") from late


async def fetch(
    method: str,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    ca_file: str = "",
) -> Reply:
    """Ask once; raises ProviderAway for whatever is no complete answer of a bearable size. Proxies of the environment
    are not used, cookies not kept, compressed answers not read.
    """
    who = origin_of(checked_url(url))
    sent = {"Accept-Encoding": "identity", "User-Agent": "Postroom", **(headers or {})}
    try:
        async with (
            one_step(who),
            httpx.AsyncClient(
                verify=await _tls(ca_file), trust_env=False, follow_redirects=False, timeout=STEP_SECONDS
            ) as client,
            client.stream(method, url, data=form, headers=sent) as answer,
        ):
            return await _read(who, answer)
    except httpx.TimeoutException as late:
        raise ProviderAway(f"{who} did not answer within {STEP_SECONDS:.0f} seconds") from late
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        raise ProviderAway(f"{who} cannot be asked: {_words(problem)}") from problem


async def _read(who: str, answer: httpx.Response) -> Reply:
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise ProviderAway(f"{who} compressed its answer without being asked to")
    body = bytearray()
    async for chunk in answer.aiter_raw(16 * 1024):
        body += chunk
        if len(body) > LARGEST_REPLY:
            raise ProviderAway(f"{who} answered with more than {LARGEST_REPLY // 1024} KiB")
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Reply(answer.status_code, media_type, bytes(body), answer.headers.get("location", ""))


def _words(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:200]


async def _tls(ca_file: str) -> ssl.SSLContext:
    try:
        key = (ca_file, Path(ca_file).stat().st_mtime if ca_file else 0.0)
        if key not in _contexts:
            _contexts[key] = await asyncio.to_thread(_new_context, ca_file)
    except (OSError, ssl.SSLError) as problem:
        raise ProviderAway(f"the certificates in {ca_file} cannot be read: {_words(problem)}") from problem
    return _contexts[key]


def _new_context(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file) if ca_file else httpx.create_ssl_context()
