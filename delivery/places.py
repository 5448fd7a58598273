"""Five words for a delivery's place in the queue, where eleven numbers would be too exact for people."""

from enum import Enum

from storage.queue import NEVER


class Place(Enum):
    """A place in the queue; the value is the priority that naming it sets."""

    URGENT = 1
    HIGH = 3
    NORMAL = 5
    LOW = 7
    BULK = 9


_WORDS = (
    *(Place.URGENT,) * 2,
    *(Place.HIGH,) * 2,
    *(Place.NORMAL,) * 3,
    *(Place.LOW,) * 2,
    Place.BULK,
)


def place_of(priority: int) -> Place:
    """The word for a priority: 0 to 9, or 10 for `z`, which waits and so counts as the last (row 30)."""
    return _WORDS[priority] if 0 <= priority < NEVER else Place.BULK
