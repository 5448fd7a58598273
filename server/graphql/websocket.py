"""Operations over WebSocket: the graphql-transport-ws protocol and no other, for our own origins."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from server.asking import Asked, NoRobot, TokenUnknown
from server.graphql.body import parameters
from server.graphql.encoding import encoded
from server.graphql.errors import RequestRefused, coded
from server.graphql.face import Face
from server.graphql.origins import is_our_origin
from server.graphql.streams import SignedOut, answers

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
PING_SECONDS = 25.0
# Close codes of the protocol.
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN = 4400, 4401, 4403
WRONG_PROTOCOL, INIT_TIMEOUT, SAME_ID, TOO_MANY_INITS = 4406, 4408, 4409, 4429


class Hangup(Exception):
    """The socket is closed with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def serve_socket(face: Face, websocket: WebSocket) -> None:
    """Serve one socket to its end."""
    if PROTOCOL not in websocket.scope.get("subprotocols", []):
        await websocket.accept()
        await websocket.close(WRONG_PROTOCOL, "Subprotocol not acceptable")
        return
    try:
        visitor = await face.asking.asked(websocket)
    except (NoRobot, TokenUnknown):
        await websocket.close(1008)
        return
    if not is_our_origin(websocket, visitor, face):
        # Refused before the handshake: 403.
        await websocket.close(1008)
        return
    await websocket.accept(PROTOCOL)
    await _Socket(face, websocket, visitor).serve()


class _Socket:
    def __init__(self, face: Face, websocket: WebSocket, visitor: Asked) -> None:
        self.face = face
        self.websocket = websocket
        self.asked = visitor
        self.is_open = False
        self.operations: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        """Read messages until the socket closes; then end everything it started."""
        pings = asyncio.create_task(self._ping())
        try:
            async with asyncio.timeout(INIT_SECONDS) as patience:
                while True:
                    await self._receive()
                    if self.is_open:
                        patience.reschedule(None)
        except WebSocketDisconnect:
            return
        except TimeoutError:
            await self._close(INIT_TIMEOUT, "Connection initialisation timeout")
        except Hangup as hangup:
            await self._close(hangup.code, hangup.reason)
        finally:
            tasks = [pings, *self.operations.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self) -> None:
        event = await self.websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1000))
        message = _message(event.get("text"), self.face.limits.max_body_size)
        kind = message.get("type")
        if kind == "connection_init":
            await self._init(message)
        elif kind == "ping":
            await self._send({"type": "pong"})
        elif kind == "subscribe":
            await self._subscribe(message)
        elif kind == "complete":
            self._complete(_text(message, "id"))
        elif kind != "pong":
            raise Hangup(BAD_REQUEST, "Unknown message type")

    async def _init(self, message: Mapping[str, Any]) -> None:
        if self.is_open:
            raise Hangup(TOO_MANY_INITS, "Too many initialisation requests")
        payload = message.get("payload") or {}
        if not isinstance(payload, dict):
            raise Hangup(BAD_REQUEST, "Invalid connection init payload")
        try:
            self.asked = await self.face.asking.asked(self.websocket, payload=payload)
        except TokenUnknown:
            raise Hangup(FORBIDDEN, "Forbidden") from None
        self.is_open = True
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, message: Mapping[str, Any]) -> None:
        if not self.is_open:
            raise Hangup(UNAUTHORIZED, "Unauthorized")
        name = _text(message, "id")
        payload = message.get("payload")
        if not isinstance(payload, dict):
            raise Hangup(BAD_REQUEST, "Invalid payload")
        if name in self.operations:
            raise Hangup(SAME_ID, f"Subscriber for {name[:60]} already exists")
        most = self.face.limits.max_operations_per_socket
        if len(self.operations) >= most:
            full = coded("QUERY_TOO_COSTLY", f"A socket carries at most {most} operations.")
            await self._errors(name, [full])
            return
        self.operations[name] = asyncio.create_task(self._operate(name, payload))

    def _complete(self, name: str) -> None:
        task = self.operations.pop(name, None)
        if task is not None:
            task.cancel()

    async def _operate(self, name: str, payload: dict[str, Any]) -> None:
        context = self.face.context(self.asked)
        try:
            context.actor = await self._still()
            prepared = self.face.prepare(parameters(payload, self.face.persisted), context)
            if prepared.kind is OperationType.SUBSCRIPTION:
                async for answer in answers(self.face, prepared, self.asked):
                    await self._next(name, answer)
            else:
                await self._next(name, await self.face.run(prepared))
            self.operations.pop(name, None)
            await self._send({"id": name, "type": "complete"})
            if context.answering.clears_cookie:
                await self._still()
        except RequestRefused as refused:
            self.operations.pop(name, None)
            await self._errors(name, list(refused.errors))
        except SignedOut:
            await self._close(FORBIDDEN, "Signed out")
        except Exception as problem:  # noqa: BLE001 - logged and masked, whatever it is
            self.operations.pop(name, None)
            await self._errors(name, self.face.broken(problem, context)["errors"])

    async def _still(self) -> Any:
        actor = await self.face.asking.still(self.asked)
        if actor is None:
            raise SignedOut
        return actor

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            if self.is_open:
                try:
                    await self._still()
                except SignedOut:
                    await self._close(FORBIDDEN, "Signed out")
                    return
                await self._send({"type": "ping"})

    async def _next(self, name: str, answer: dict[str, Any]) -> None:
        if len(encoded(answer)) > self.face.limits.max_response_size:
            raise RequestRefused("QUERY_TOO_COSTLY", "The answer is too large; ask for smaller pages.")
        await self._send({"id": name, "type": "next", "payload": answer})

    async def _errors(self, name: str, errors: list[dict[str, Any]]) -> None:
        await self._send({"id": name, "type": "error", "payload": errors})

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            if self.websocket.application_state is WebSocketState.CONNECTED:
                await self.websocket.send_text(encoded(message).decode())

    async def _close(self, code: int, reason: str) -> None:
        async with self._sending:
            if self.websocket.application_state is WebSocketState.CONNECTED:
                await self.websocket.close(code, reason)


def _message(text: str | None, at_most: int) -> dict[str, Any]:
    if text is None:
        raise Hangup(BAD_REQUEST, "WebSocket message type must be text")
    if len(text) > at_most:
        raise Hangup(BAD_REQUEST, "WebSocket message too large")
    try:
        found = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError, UnicodeError):
        raise Hangup(BAD_REQUEST, "WebSocket message must be valid JSON") from None
    if not isinstance(found, dict):
        raise Hangup(BAD_REQUEST, "WebSocket message must be an object")
    return found


def _text(message: Mapping[str, Any], name: str) -> str:
    found = message.get(name)
    if not isinstance(found, str) or not found:
        raise Hangup(BAD_REQUEST, f"Invalid {name}")
    return found
