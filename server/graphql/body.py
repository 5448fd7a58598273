"""A request's body as parameters, or a coded refusal: no body, however malformed, makes the server fail."""

from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from server.graphql.errors import RequestRefused
from server.graphql.persisted import PersistedDocuments


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a GraphQL request asks: the document's text, the operation in it, its variables."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)


def _bad(message: str, **how: Any) -> RequestRefused:
    return RequestRefused("BAD_USER_INPUT", message, **how)


async def read_body(chunks: AsyncIterable[bytes], at_most: int) -> bytes:
    """Read a body, giving up as soon as it is longer than `at_most` bytes; raises RequestRefused (413)."""
    parts, size = [], 0
    async for chunk in chunks:
        size += len(chunk)
        if size > at_most:
            raise _bad(f"A request has at most {at_most} bytes.", status=413)
        parts.append(chunk)
    return b"".join(parts)


def read_json(body: bytes) -> Any:
    """The JSON text in a body (RFC 8259: UTF-8, no lone surrogates); raises RequestRefused."""
    try:
        return orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError, UnicodeError):
        raise _bad("The body is not a JSON object in UTF-8.") from None


def parameters(asked: Any, persisted: PersistedDocuments) -> Parameters:
    """The parameters in a request's JSON; raises RequestRefused."""
    if isinstance(asked, list):
        raise _bad("Send one operation at a time: arrays of requests are not taken.")
    if not isinstance(asked, dict):
        raise _bad("The body must be a JSON object.")
    name = _text(asked, "operationName")
    variables = _object(asked, "variables")
    extensions = _object(asked, "extensions")
    query = _text(asked, "query")
    document_id = _text(asked, "documentId")
    if query is None and document_id is not None:
        query = persisted.text(document_id)
    if query is None and "persistedQuery" in extensions:
        # Status 200: Apollo and urql then send the document itself, on 400 they give up.
        raise RequestRefused("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported", status=200)
    if not query:
        raise _bad("Send a `query` or a `documentId`.")
    return Parameters(query, name, variables)


def _text(asked: Mapping[str, Any], name: str) -> str | None:
    value = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise _bad(f"`{name}` must be a string.")
    return value or None


def _object(asked: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = asked.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _bad(f"`{name}` must be an object.")
    return value
