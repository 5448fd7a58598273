"""What one recipient's copy has for itself, and what of it was made and not sent."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

_MOST = 1_000
# Somebody may get another name, and a signature tells when it was made.
_LASTS_SECONDS = 60.0


@dataclass(slots=True)
class Own:
    """A reverse-path that names the recipient (row 57), fields, and text in slots."""

    reverse_path: str
    fields: bytes
    pieces: Sequence[bytes] = ()
    is_gone: bool = False


class Leftovers:
    """The copies of one delivery that were signed or filled in when a connection's turn ended, for whoever goes on."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[int, tuple[float, Own]] = {}

    def keep(self, key: int, own: Own) -> None:
        """Keep a member's copy for a while; of many, the newest."""
        self._kept[key] = time.monotonic(), own
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]

    def take(self, key: int) -> Own | None:
        """A member's copy, once, if it is there and young."""
        if not self._kept:
            return None
        at, own = self._kept.pop(key, (0.0, None))
        return own if time.monotonic() - at < _LASTS_SECONDS else None
