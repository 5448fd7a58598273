"""The doors where the mail server comes to us: LMTP, and if asked for a milter; open until the process is told to stop."""

import asyncio
from collections.abc import Callable

import structlog

from delivery.door.lmtp import LmtpDoor
from delivery.door.milter import MilterDoor
from delivery.evidence import Checks
from delivery.reception import Reception
from delivery.screening import Screening
from server.disk import room_on
from server.listening import in_words
from server.mail_checks import checks_of
from server.presence import present
from server.state import State

log = structlog.get_logger(__name__)
_GRACE_SECONDS = 1.2


async def run_door(state: State, stop: asyncio.Event) -> None:
    """Take mail until `stop` is set; a message in hand may still be settled. Raises PortUnusable."""
    doors: list[LmtpDoor | MilterDoor] = []
    checks = checks_of(state.settings, state.site)
    try:
        doors.append(await _lmtp(state, checks))
        if state.settings.milter_port is not None:
            doors.append(await _milter(state, checks, state.settings.milter_port))
        async with present(state, "door"):
            await stop.wait()
    finally:
        await asyncio.gather(*(door.close(_GRACE_SECONDS) for door in doors))


def _room(state: State) -> Callable[[], bool]:
    return room_on(state.settings.data_dir, state.settings.free_disk_kept)


async def _lmtp(state: State, checks: Checks) -> LmtpDoor:
    settings = state.settings
    door = LmtpDoor(
        Reception(state.database, checks, has_room=_room(state)),
        hostname=settings.mail_hostname,
        size_limit=settings.message_size_limit,
    )
    with in_words(settings.lmtp_host, settings.lmtp_port, "LMTP"):
        await door.listen(settings.lmtp_host, settings.lmtp_port)
    log.info("door_open", host=settings.lmtp_host, port=settings.lmtp_port)
    return door


async def _milter(state: State, checks: Checks, port: int) -> MilterDoor:
    settings = state.settings
    door = MilterDoor(
        Screening(state.database, checks, has_room=_room(state)), size_limit=settings.message_size_limit
    )
    with in_words(settings.milter_host, port, "MILTER"):
        await door.listen(settings.milter_host, port)
    log.info("milter_open", host=settings.milter_host, port=port)
    return door
