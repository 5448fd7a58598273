"""Whether the disk has room for more mail: looked at now and then, since the door asks for each recipient."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
_LOOK_EVERY_SECONDS = 2.0


def room_on(place: Path, least: int) -> Callable[[], bool]:
    """Tells whether the disk of a directory has at least so many bytes free; a directory that cannot be asked has."""
    asked_at, has_room = 0.0, True

    def look() -> bool:
        nonlocal asked_at, has_room
        now = time.monotonic()
        if least and now - asked_at >= _LOOK_EVERY_SECONDS:
            asked_at, found = now, _free(place)
            if has_room and found < least:
                log.error("disk_full", free=found, least=least, place=str(place))
            has_room = found >= least
        return has_room

    return look


def _free(place: Path) -> int:
    try:
        return shutil.disk_usage(place).free
    except OSError:
        log.warning("disk_not_seen", place=str(place))
        return 2**62
