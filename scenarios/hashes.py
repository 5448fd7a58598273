"""The identity of a scenario text."""

from __future__ import annotations

import hashlib


def hash_of(text: str) -> str:
    """The SHA-256 of a scenario text in hexadecimal, its identity wherever it is stored."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
