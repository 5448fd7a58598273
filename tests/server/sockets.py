"""A WebSocket client in this process, which speaks ASGI to the application directly."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp

from tests.server.graphql_world import HOST


class Closed(Exception):
    """The server closed the socket; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Socket:
    """One open socket."""

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.subprotocol: str | None = None

    async def tell(self, text: str) -> None:
        """Send a text as it is."""
        await self.to_server.put({"type": "websocket.receive", "text": text})

    async def send(self, message: Any) -> None:
        """Send a JSON message."""
        await self.tell(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        """The server's next message; raises Closed."""
        event = await asyncio.wait_for(self.from_server.get(), 5)
        if event["type"] == "websocket.close":
            raise Closed(event.get("code", 1000))
        found: dict[str, Any] = json.loads(event["text"])
        return found

    async def begin(self, payload: dict[str, Any] | None = None) -> None:
        """Open the conversation."""
        await self.send({"type": "connection_init", **({} if payload is None else {"payload": payload})})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, name: str, query: str, **more: Any) -> None:
        """Ask for an operation."""
        await self.send({"type": "subscribe", "id": name, "payload": {"query": query, **more}})


@asynccontextmanager
async def connected(
    app: ASGIApp,
    *,
    protocols: Sequence[str] = ("graphql-transport-ws",),
    headers: dict[str, str] | None = None,
    scheme: str = "wss",
) -> AsyncIterator[Socket]:
    """A socket to /graphql, accepted; raises Closed when the server refuses the handshake."""
    socket = Socket()
    fields = {"host": HOST, **(headers or {})}
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": scheme,
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in fields.items()],
        "client": ("192.0.2.7", 4711),
        "server": (HOST, 443),
        "subprotocols": [*protocols],
        "state": {},
    }
    await socket.to_server.put({"type": "websocket.connect"})
    task = asyncio.create_task(app(scope, socket.to_server.get, socket.from_server.put))  # type: ignore[arg-type]
    try:
        answer = await asyncio.wait_for(socket.from_server.get(), 5)
        if answer["type"] == "websocket.close":
            raise Closed(answer.get("code", 1000))
        socket.subprotocol = answer.get("subprotocol")
        yield socket
    finally:
        await socket.to_server.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(task, 5)
