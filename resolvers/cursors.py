"""Cursors of pages: the order values of an edge, signed together with the filter and order that they belong to."""

import base64
import binascii
import hmac
from typing import Any

import orjson

from resolvers.context import Context
from resolvers.problems import CursorInvalid

Position = tuple[int | str | None, ...]
"""The order values of one edge, its id last."""

_MAC_BYTES = 8
_LONGEST = 1024


def cursor(context: Context, what: str, position: Position) -> str:
    """The cursor of an edge; `what` names the connection with its filter and order."""
    body = orjson.dumps(position)
    return base64.urlsafe_b64encode(body + _seal(context, what, body)).rstrip(b"=").decode()


def read_cursor(context: Context, what: str, text: str) -> Position:
    """The position in a cursor; raises CursorInvalid when it is not ours or of another filter or order."""
    if len(text) > _LONGEST:
        raise CursorInvalid
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorInvalid from None
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not body or not hmac.compare_digest(_seal(context, what, body), mac):
        raise CursorInvalid
    values: list[Any] = orjson.loads(body)
    return tuple(values)


def _seal(context: Context, what: str, body: bytes) -> bytes:
    return context.seal("cursors", f"{context.actor.robot.id}|{what}|".encode() + body)
