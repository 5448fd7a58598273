"""What surrounds every request: its id, who really asks behind a proxy, guarding header fields, counting, and what breaks."""

import re
import secrets
import time
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.metrics import Metrics

log = structlog.get_logger(__name__)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
GUARD = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
HSTS = "max-age=31536000"
# Only these become labels: a path may hold a ticket, and anybody can make up paths.
_PLACES = frozenset(
    {"", "graphql", "playground", "docs", "t", "u", "lists", "documents", "auth", "account", "sign-in",
     "sign-out", "webhooks", "healthz", "readyz", "metrics"}
)  # fmt: skip
_ELEMENT = re.compile(r'\s*([A-Za-z]+)="?([^";]*)"?\s*')

Network = IPv4Network | IPv6Network


class Surroundings:
    """The outermost layer of the application."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, trusted_proxies: Sequence[str] = (), secure: bool = False
    ) -> None:
        """`secure`: the public address begins with https, so browsers are told to insist on it."""
        self._app = app
        self._metrics = metrics
        self._trusted = [ip_network(text, strict=False) for text in trusted_proxies]
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        peer = scope["client"][0] if scope.get("client") else ""
        scope = behind_proxies(scope, self._trusted)
        # The peer is whoever opened the connection, whatever a proxy says: some headers are believed from few peers only.
        scope["state"] = {**scope.get("state", {}), "request_id": request_id, "peer": peer}
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if self._secure and _tells_secrets_in_clear(scope):
                await _in_clear(scope, send)
            elif scope["type"] == "http":
                await self._http(scope, receive, send, request_id)
            else:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began, place = time.perf_counter(), _place(scope["path"])
        status = 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._guard(MutableHeaders(raw=message["headers"]), scope, request_id)
                self._metrics.http_seconds.labels(place).observe(time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception:
            log.exception("request_broke", place=place)
            if status:
                raise
            await _broken(guarded, request_id)
        finally:
            self._metrics.http_requests.labels(place, f"{status // 100}xx").inc()

    def _guard(self, headers: MutableHeaders, scope: Scope, request_id: str) -> None:
        for name, value in GUARD.items():
            headers.setdefault(name, value)
        headers["X-Request-Id"] = request_id
        if self._secure or scope["scheme"] == "https":
            headers.setdefault("Strict-Transport-Security", HSTS)


async def leave_to_surroundings(_: Request, broken: Exception) -> Response:
    """The handler of `Exception` in applications inside Surroundings: what breaks is answered out there."""
    raise broken


def _place(path: str) -> str:
    first = path.strip("/").partition("/")[0]
    return f"/{first}" if first in _PLACES else "other"


def _tells_secrets_in_clear(scope: Scope) -> bool:
    """Whether this came without TLS and may carry a secret (row 39): anything but plain reading."""
    if scope["scheme"] in {"https", "wss"}:
        return False
    if scope["type"] == "websocket" or scope["method"] not in {"GET", "HEAD"}:
        return True
    headers = Headers(scope=scope)
    return "authorization" in headers or "cookie" in headers


async def _in_clear(scope: Scope, send: Send) -> None:
    """Refuse without reading a word of it."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    body = b"This came over plain HTTP; use https. (Operators: is POSTROOM_TRUSTED_PROXIES set?)\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _broken(send: Send, request_id: str) -> None:
    body = (
        f"Something broke here, and it is in our log. Tell the operator this number: {request_id}\n".encode()
    )
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def behind_proxies(scope: Scope, trusted: Sequence[Network]) -> Scope:
    """The request as the proxy received it, if the peer is a proxy of ours: Forwarded (RFC 7239) or X-Forwarded-*.

    Chains are read from the right, and the first address that is not ours is the asker's: what stands left of it
    anybody may have written.
    """
    peer = (scope.get("client") or ("", 0))[0]
    if not trusted or not _is_in(peer, trusted):
        return dict(scope)
    headers = Headers(scope=scope)
    hops = forwarded_hops(headers)
    if not hops:
        return dict(scope)
    hop = hops[0]
    for hop in reversed(hops):
        if not _is_in(hop.get("for", ""), trusted):
            break
    changed = {**scope, "client": (hop.get("for", peer), 0)}
    if hop.get("proto") in {"http", "https"}:
        changed["scheme"] = (
            hop["proto"].replace("http", "ws") if scope["type"] == "websocket" else hop["proto"]
        )
    if hop.get("host"):
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        changed["headers"] = [*others, (b"host", hop["host"].encode("latin-1"))]
    return changed


def forwarded_hops(headers: Headers) -> list[dict[str, str]]:
    """The hops that proxies noted, oldest first, each with some of `for`, `proto`, `host`.

    A proxy that writes one kind of field passes the other on as the client wrote it: where both stand and name
    different askers, neither is believed.
    """
    if "forwarded" in headers and any(name.startswith("x-forwarded-") for name in headers):
        ours, theirs = _forwarded(headers), _x_forwarded(headers)
        return ours if [hop.get("for") for hop in ours] == [hop.get("for") for hop in theirs] else []
    return _forwarded(headers) if "forwarded" in headers else _x_forwarded(headers)


def _forwarded(headers: Headers) -> list[dict[str, str]]:
    elements = ",".join(headers.getlist("forwarded")).split(",")
    hops = [dict(_pair(part) for part in element.split(";") if "=" in part) for element in elements]
    return [{**hop, "for": _without_port(hop.get("for", ""))} for hop in hops]


def _x_forwarded(headers: Headers) -> list[dict[str, str]]:
    addresses = ",".join(headers.getlist("x-forwarded-for")).split(",")
    hops = [{"for": _without_port(address.strip())} for address in addresses if address.strip()]
    for hop in hops:
        hop["proto"] = headers.get("x-forwarded-proto", "").lower()
        hop["host"] = headers.get("x-forwarded-host", "")
    return hops


def _pair(part: str) -> tuple[str, str]:
    found = _ELEMENT.fullmatch(part)
    return (found[1].lower(), found[2]) if found else ("", "")


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    try:
        return any(ip_address(address) in network for network in networks)
    except ValueError:
        return False
