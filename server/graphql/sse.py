"""Answers as server-sent events: graphql-sse in its distinct-connections mode, one request for each operation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from graphql import OperationType
from starlette.responses import StreamingResponse

from server.asking import Asked
from server.graphql.encoding import encoded
from server.graphql.errors import RequestRefused, coded
from server.graphql.face import Face, Prepared
from server.graphql.negotiation import EVENTS
from server.graphql.streams import SignedOut, answers

# Proxies close connections that are silent for long.
KEEP_ALIVE_SECONDS = 15.0
_HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Accept, Cookie, Authorization",
    "X-Accel-Buffering": "no",
}


def event_response(face: Face, prepared: Prepared, asked: Asked) -> StreamingResponse:
    """The stream of an operation's answers; a query or mutation has one."""
    events = _events(face, prepared, asked)
    return StreamingResponse(_kept_alive(events), media_type=EVENTS, headers=_HEADERS)


async def _events(face: Face, prepared: Prepared, asked: Asked) -> AsyncIterator[bytes]:
    try:
        if prepared.kind is OperationType.SUBSCRIPTION:
            async for answer in answers(face, prepared, asked):
                yield _event(answer)
        else:
            yield _event(await face.run(prepared))
    except RequestRefused as refused:
        yield _event({"errors": list(refused.errors)})
    except SignedOut:
        yield _event({"errors": [coded("UNAUTHENTICATED", "You have signed out.")]})
    except Exception as problem:  # noqa: BLE001 - logged and masked, whatever it is
        yield _event(face.broken(problem, prepared.context))
    yield b"event: complete\ndata:\n\n"


def _event(answer: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + encoded(answer) + b"\n\n"


async def _kept_alive(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The events, with a comment whenever there was none for a while."""
    yield b":\n\n"
    following: asyncio.Future[bytes] | None = None
    try:
        while True:
            following = following or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({following}, timeout=KEEP_ALIVE_SECONDS)
            if not done:
                yield b":\n\n"
                continue
            with suppress(StopAsyncIteration):
                event, following = following.result(), None
                yield event
                continue
            return
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await events.aclose()  # type: ignore[attr-defined]
