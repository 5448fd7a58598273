"""Subscriptions as streams of answers, the same for events over HTTP and over WebSocket."""

from collections.abc import AsyncIterator
from typing import Any

from graphql import ExecutionResult, create_source_event_stream, map_source_to_response_event
from strawberry.execution import optimized_is_awaitable

from server.asking import Asked
from server.graphql.face import Face, Prepared


class SignedOut(Exception):
    """What let the asker in has ended."""


async def answers(face: Face, prepared: Prepared, asked: Asked) -> AsyncIterator[dict[str, Any]]:
    """One answer for each event, its errors told and masked like any other's.

    Before each one it is asked anew whether the session or token still holds, and everything is loaded afresh. Raises
    SignedOut when it does not, RequestRefused for unusable variables.
    """
    executor = face.executor(prepared)
    context = prepared.context
    try:
        source: Any = create_source_event_stream(executor)
        if optimized_is_awaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            yield face.answer(source, context)
            return
        results = map_source_to_response_event(executor, _checked(face, source, prepared, asked))
    except Exception as problem:  # noqa: BLE001 - logged and masked, whatever it is
        yield face.broken(problem, context)
        return
    try:
        async for result in results:
            yield face.answer(result, context)
    except SignedOut:
        raise
    except Exception as problem:  # noqa: BLE001 - a generator that failed ends its stream with a masked error
        yield face.failed(problem, context)
    finally:
        await results.aclose()


async def _checked(
    face: Face, source: AsyncIterator[Any], prepared: Prepared, asked: Asked
) -> AsyncIterator[Any]:
    context = prepared.context
    try:
        async for event in source:
            actor = await face.asking.still(asked)
            if actor is None:
                raise SignedOut
            context.actor = actor
            context.forget()
            yield event
    finally:
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()
