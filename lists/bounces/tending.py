"""What is due by the clock: halving, probes, mail that stops, probes that did not come back, digests.

Any number of workers may do it at once, and again: each step is claimed by the row that it changes.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from lists.bounces import digests, probes, stopping
from lists.bounces.scores import LEAST
from mail.instant import DAY, HOUR
from storage import bounce_digests, bounce_scores, bounce_waves, bounces
from storage.database import Database, Reader, UnitOfWork

T = TypeVar("T")
# Before anything follows from a failure, the others of the same wave have had time to come back.
SETTLES = HOUR
_BATCH = 100
_KEPT = 180 * DAY
_WAVES_KEPT = 30 * DAY


async def tend(db: Database) -> dict[str, int]:
    """Do everything that is due; how many of each."""
    async with db.write() as uow:
        done = {"halved": await bounce_scores.halve(uow), "forgotten": await _forget(uow)}

    done["cleared"] = await _each(db, _to_clear, _clear)
    done["stopped"] = await _each(
        db,
        lambda reader: bounce_scores.to_stop(reader, settled=reader.now - SETTLES, limit=_BATCH),
        stopping.stop,
    )
    done["probed"] = await _each(
        db,
        lambda reader: bounce_scores.to_probe(reader, settled=reader.now - SETTLES, limit=_BATCH),
        probes.send,
    )
    done["digests"] = await _each(
        db, lambda reader: bounce_digests.due(reader, limit=_BATCH), lambda uow, row: digests.send(uow, *row)
    )
    return done


async def _forget(uow: UnitOfWork) -> int:
    spent = await bounce_scores.forget_spent(uow, least=LEAST)
    await bounces.drop_old(uow, before=uow.now - _KEPT)
    await bounce_waves.drop_old(uow, before=uow.now - _WAVES_KEPT)
    return spent


async def _to_clear(reader: Reader) -> list[int]:
    return await bounce_scores.to_clear(reader, limit=_BATCH)


async def _clear(uow: UnitOfWork, membership_id: int) -> bool:
    # Its bounce may have come in between looking and writing.
    row = (await bounce_scores.by_ids(uow, [membership_id])).get(membership_id)
    if row is None or row.probed_at is None or row.probe_failed_at is not None:
        return False
    await bounce_scores.forget(uow, [membership_id])
    return True


async def _each(
    db: Database,
    find: Callable[[Reader], Awaitable[list[T]]],
    act: Callable[[UnitOfWork, T], Awaitable[bool]],
) -> int:
    """Do one thing for all that are due, a transaction for each batch; how many were done by this worker."""
    done = 0
    while True:
        async with db.read() as reader:
            rows = await find(reader)
        acted = 0
        if rows:
            async with db.write() as uow:
                for row in rows:
                    acted += await act(uow, row)
        done += acted
        # Where nothing could be done, another worker has done it, or it waits for another time.
        if len(rows) < _BATCH or not acted:
            return done
