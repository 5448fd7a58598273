"""Reading JSON that others made up: what is not there, or of another kind, is nothing."""

from typing import Any

import orjson

from delivery.bounces.webhooks.event import Unreadable


def parsed(body: bytes) -> Any:
    """The JSON of a body; raises Unreadable."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unreadable from None


def table(value: Any, *names: str) -> dict[str, Any]:
    """The object under names within objects; an empty one where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """A text as it is, a number as a text, "" for anything else."""
    if isinstance(value, bool):
        return ""
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def number(value: Any) -> int | None:
    """A reply code, written as a number or a text; None for anything else."""
    said = text(value)
    return int(said) if said.isdecimal() and len(said) == len("550") else None
