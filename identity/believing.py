"""A provider's word, waited for no longer than somebody at a browser does, and each part of it believed once."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from identity.auth_config import Entry
from identity.evidence_kept import unkeepable
from identity.provider import Evidence, NotProved, ProviderAway
from storage import audit, seen
from storage.database import Database
from storage.tables.lists import Robot

T = TypeVar("T")
log = structlog.get_logger(__name__)
DEADLINE_SECONDS = 10.0


async def believed(db: Database, robot: Robot, entry: Entry, work: Awaitable[Evidence]) -> Evidence:
    """The evidence, each part of it that may be believed once being believed for the first time; refusals are audited."""
    try:
        evidence = await bounded(entry, work)
        if problem := unkeepable(evidence):
            raise NotProved(problem)
        async with db.write() as uow:
            for once in evidence.once:
                if not await seen.first_time(uow, f"provider {entry.ref}", once.id, once.until):
                    raise NotProved("replayed")
    except NotProved as refused:
        log.warning("sign_in_not_proved", provider=entry.ref, detail=refused.detail)
        async with db.write(durable=False) as uow:
            await audit.record(
                uow,
                "sign_in_refused",
                actor="nobody",
                via="web",
                robot_id=robot.id,
                detail={"provider": entry.ref, "check": refused.detail},
            )
        raise
    return evidence


async def bounded(entry: Entry, work: Awaitable[T]) -> T:
    """What a provider answers; raises ProviderAway after ten seconds, and whatever it raises itself."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await work
    except TimeoutError:
        log.warning("provider_slow", provider=entry.ref)
        raise ProviderAway(f"no answer within {DEADLINE_SECONDS:g} seconds") from None
    except ProviderAway as away:
        log.warning("provider_away", provider=entry.ref, detail=away.detail)
        raise
