"""Every answer is guarded and numbered; what a proxy says is believed from our own proxies only."""

from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.metrics import Metrics
from server.middleware import Surroundings, behind_proxies, leave_to_surroundings
from tests.server.pages_world import World

OURS = [ip_network("10.0.0.0/8")]


def _seen(peer: str, **headers: str) -> tuple[str, str, str]:
    """Client, scheme and host as the application sees them."""
    fields = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 1),
        "headers": [(b"host", b"inner"), *fields],
    }
    found = behind_proxies(scope, OURS)
    return found["client"][0], found["scheme"], dict(found["headers"])[b"host"].decode()


def test_a_stranger_cannot_pretend_to_be_a_proxy() -> None:
    """Pitfall 42."""
    assert _seen("192.0.2.1", Forwarded="for=1.2.3.4;proto=https;host=x") == ("192.0.2.1", "http", "inner")
    assert _seen("192.0.2.1", X_Forwarded_For="1.2.3.4") == ("192.0.2.1", "http", "inner")


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ({"Forwarded": 'for="[2001:db8::1]:8080";proto=https;host=lists.example'}, ("2001:db8::1", "https", "lists.example")),
        ({"Forwarded": "for=6.6.6.6, for=1.2.3.4;proto=https"}, ("1.2.3.4", "https", "inner")),
        ({"Forwarded": "for=6.6.6.6, for=1.2.3.4, for=10.0.0.2"}, ("1.2.3.4", "http", "inner")),
        ({"X_Forwarded_For": "6.6.6.6, 1.2.3.4, 10.0.0.2", "X_Forwarded_Proto": "https"}, ("1.2.3.4", "https", "inner")),
        ({}, ("10.0.0.1", "http", "inner")),
    ],
)  # fmt: skip
def test_our_proxy_is_believed_as_far_as_it_saw(headers: dict[str, str], seen: tuple[str, str, str]) -> None:
    assert _seen("10.0.0.1", **headers) == seen


async def test_every_answer_is_guarded_and_numbered(pages: World) -> None:
    ids = set()
    for path in ("/healthz", "/t/x", "/u/x", "/nowhere", "/graphql"):
        answer = await pages.browser.get(path)
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        ids.add(answer.headers["x-request-id"])
    assert len(ids) == 5


async def test_what_breaks_is_answered_with_a_number_and_nothing_else() -> None:
    async def broken(_: Request) -> Response:
        raise RuntimeError("alice@example.edu")

    async def fine(request: Request) -> Response:
        return JSONResponse({"id": request.state.request_id})

    routes = [Route("/b", broken), Route("/f", fine)]
    inner = Starlette(routes=routes, exception_handlers={Exception: leave_to_surroundings})
    app = Surroundings(inner, metrics=Metrics())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
        answer = await client.get("/b")
        told = await client.get("/f")
    assert answer.status_code == 500
    assert "alice" not in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert told.json()["id"] == told.headers["x-request-id"]
    assert "strict-transport-security" not in told.headers
