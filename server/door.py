"""The door where the mail server hands us mail: LMTP, open until the process is told to stop."""

import asyncio

import structlog

from delivery.door.lmtp import LmtpDoor
from delivery.reception import Reception
from server.listening import in_words
from server.state import State

log = structlog.get_logger(__name__)
_GRACE_SECONDS = 1.2


async def run_door(state: State, stop: asyncio.Event) -> None:
    """Take mail until `stop` is set; a message in hand may still be settled. Raises PortUnusable."""
    settings = state.settings
    door = LmtpDoor(
        Reception(state.database),
        hostname=settings.mail_hostname,
        size_limit=settings.message_size_limit,
    )
    with in_words(settings.lmtp_host, settings.lmtp_port, "LMTP"):
        await door.listen(settings.lmtp_host, settings.lmtp_port)
    log.info("door_open", host=settings.lmtp_host, port=settings.lmtp_port)
    try:
        await stop.wait()
    finally:
        await door.close(_GRACE_SECONDS)
