"""Whose turn it is among lists of the same urgency: the one that waited longest since it was served."""

from collections.abc import Sequence
from itertools import count

from storage.queue import Waiting

_MOST_KNOWN = 10_000


class Turns:
    """One worker's memory of whom it served; each worker being fair, all of them together are."""

    def __init__(self) -> None:
        self._served: dict[int, int] = {}
        self._number = count(1)

    def next_of(self, waiting: Sequence[Waiting], wanted: int) -> tuple[Waiting, int]:
        """Who is served next of those who wait, the most urgent first, and how many of `wanted` packets are its share."""
        rank = waiting[0].rank
        equals = [each for each in waiting if each.rank == rank]
        chosen = min(equals, key=lambda each: self._served.get(each.list_key, 0))
        self._serve(chosen.list_key)
        return chosen, max(1, -(-wanted // len(equals)))

    def _serve(self, list_key: int) -> None:
        self._served.pop(list_key, None)
        self._served[list_key] = next(self._number)
        if len(self._served) > _MOST_KNOWN:
            # Who was served longest ago stands first; forgotten, it counts as never served.
            del self._served[next(iter(self._served))]
