"""Answers as bytes."""

import json
from typing import Any

import orjson


def encoded(answer: dict[str, Any]) -> bytes:
    """JSON in UTF-8; a lone surrogate that somebody smuggled into a text is written as an escape."""
    try:
        return orjson.dumps(answer)
    except orjson.JSONEncodeError:
        return json.dumps(answer, separators=(",", ":")).encode("ascii")
