"""Reads each provider's people as often as its domain's file says, beside the delivering of mail."""

import asyncio

import structlog

from identity.refusal import Refused
from identity.syncing import due, sync
from storage.database import Database

log = structlog.get_logger(__name__)
_LOOK_EVERY_SECONDS = 60.0


async def sync_when_due(database: Database, *, every: float = _LOOK_EVERY_SECONDS) -> None:
    """Look each minute whose turn it is, and read them one after the other; ends with the process."""
    while True:
        await asyncio.sleep(every)
        try:
            await sync_what_is_due(database)
        except Exception:
            # A database that goes away comes back.
            log.exception("syncs_not_looked_at")


async def sync_what_is_due(database: Database) -> None:
    """Read the providers whose turn it is; one that cannot be read keeps no other from it."""
    async with database.read() as reader:
        waiting = await due(reader)
    for robot, entry in waiting:
        try:
            await sync(database, robot, entry)
        except Refused as refused:
            detail = getattr(refused, "detail", "")
            log.warning("sync_refused", provider=entry.ref, reason=refused.message, detail=detail)
        except Exception:
            log.exception("sync_broke", provider=entry.ref)
