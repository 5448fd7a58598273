"""What each recipient's copy has of its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from storage.database import Database


async def _nothing(database: Database, name: str) -> None:
    """Nothing more is to be set."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A list's setting for copies of their own, and what else makes a list one of this mode."""

    personalization: str
    prepare: Callable[[Database, str], Awaitable[None]] = _nothing


MODES = {
    # Recipients of a packet share a transaction.
    "grouped": Mode("never"),
    # A return path and one-click fields of each one's own, and the same body for all.
    "verp": Mode("always"),
}
