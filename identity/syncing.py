"""Reading everybody from a provider, so that what it says of people here is renewed, changed and taken back (row 51, pitfall 13).

Everything is read before anything is written: a provider that breaks off, or suddenly names almost nobody, changes nothing.
"""

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import IO, cast

import orjson
import structlog

from identity import mails
from identity.auth_config import SERVER, Entry, auth_config, every_entry
from identity.evidence_kept import as_data, from_data, unkeepable
from identity.provider import Evidence, Syncing
from identity.refusal import Conflict, Refused
from identity.sync_changes import Seen, Tally, end_missing, note_all
from mail.instant import MINUTE, Instant
from storage import audit, robots, roles, sync_runs, synced
from storage.database import Database, Reader, UnitOfWork
from storage.tables.lists import Robot
from storage.tables.syncing import SyncRun

log = structlog.get_logger(__name__)

DONE, REFUSED, FAILED = "done", "refused", "failed"
# As many people are written in one transaction; on SQLite every other writer waits that long.
CHUNK = 100
_LEASE = 5 * MINUTE
_KEEP_EVERY = 2_000
_TRY_AGAIN = 15 * MINUTE

Progress = Callable[[str, int, int | None], None]


class CannotBeRead(Refused):
    """This provider cannot name everybody; only its sign-ins tell about people."""

    code = "UNSUPPORTED"


class ReadAlready(Conflict):
    """Somebody reads this provider at the moment; wait until they are done."""


class TooFew(Refused):
    """The provider names far fewer people than before, so nothing was changed; look there, or tell us to believe it."""

    code = "SYNC_REFUSED"


class TwoReaders(Refused):
    """Two providers of this domain are read under the same issuer, and each would undo the other's; give one its own."""

    code = "INVALID"


def _silently(what: str, count: int, total: int | None) -> None:
    """Tell nobody how far it is."""


@dataclass
class _Reading:
    """One reading: what is written belongs to `run` (None in a dry run, which undoes everything)."""

    db: Database
    robot: Robot
    entry: Entry
    issuer: str
    run: SyncRun | None
    progress: Progress
    tally: Tally = field(default_factory=Tally)
    seen: Seen = field(default_factory=Seen)


class _Undone(Exception):
    """The end of a transaction in a dry run."""


async def sync(
    db: Database,
    robot: Robot,
    entry: Entry,
    *,
    is_dry: bool = False,
    is_believed: bool = False,
    progress: Progress = _silently,
) -> Tally:
    """Read everybody, and let what is known of them here follow; with `is_dry`, only count what would be done.

    `is_believed` lets a provider that names far fewer people than before have its way. `progress` hears what is being
    done, how many, and of how many. Raises CannotBeRead, TwoReaders, ReadAlready, TooFew, ProviderAway.
    """
    issuer = await _issuer(db, robot, entry)
    if is_dry:
        return await _read_and_write(
            _Reading(db, robot, entry, issuer, None, progress), is_believed=is_believed
        )
    run = await _taken(db, robot, entry)
    reading = _Reading(db, robot, entry, issuer, run, progress)
    try:
        tally = await _read_and_write(reading, is_believed=is_believed)
    except TooFew:
        await _end(reading, REFUSED)
        raise
    except Exception as problem:
        detail = getattr(problem, "detail", "") or type(problem).__name__
        await _end(reading, FAILED, detail=detail)
        raise
    await _end(reading, DONE)
    return tally


async def due(reader: Reader) -> list[tuple[Robot, Entry]]:
    """The providers that are to be read now, as their files say; after one that failed, a quarter of an hour passes."""
    every = await every_entry(reader)
    entries = [each for each in every if each.sync_every is not None and each.can_be_read]
    if not entries:
        return []
    found = {each.source_ref: each for each in await sync_runs.find_many(reader, [e.ref for e in entries])}
    here = await robots.every(reader)
    by_domain = {robot.domain: robot for robot in here}
    if here:
        by_domain[SERVER] = here[0]
    return [
        (by_domain[each.scope], each)
        for each in entries
        if each.scope in by_domain and _is_due(each, found.get(each.ref), reader.now)
    ]


def _is_due(entry: Entry, run: SyncRun | None, now: Instant) -> bool:
    if run is None:
        return True
    if run.leased_until is not None and run.leased_until > now:
        return False
    assert entry.sync_every is not None
    pause = min(_TRY_AGAIN, entry.sync_every) if run.outcome == FAILED else entry.sync_every
    # One whose host died in the middle never finished.
    ended = run.finished_at if run.leased_until is None else None
    return ended is None or ended + pause <= now


async def _issuer(db: Database, robot: Robot, entry: Entry) -> str:
    if not entry.can_be_read:
        raise CannotBeRead
    provider = cast(Syncing, entry.module)
    issuer = provider.issuer_of(entry.settings)
    async with db.read() as reader:
        config = await auth_config(reader, robot)
    for other in config.entries:
        if (
            other.key != entry.key
            and other.identity_scope == entry.identity_scope
            and other.sync_every is not None
            and cast(Syncing, other.module).issuer_of(other.settings) == issuer
        ):
            raise TwoReaders
    return issuer


async def _taken(db: Database, robot: Robot, entry: Entry) -> SyncRun:
    worker = f"{socket.gethostname()}:{os.getpid()}"
    async with db.write() as uow:
        run = await sync_runs.take(
            uow, entry.ref, entry.robot_id(robot), worker=worker, leased_until=uow.now + _LEASE
        )
    if run is None:
        raise ReadAlready
    return run


@asynccontextmanager
async def _writing(reading: _Reading) -> AsyncIterator[UnitOfWork]:
    """A transaction of this reading: undone in a dry run, refused with ReadAlready once somebody else has taken over."""
    try:
        async with reading.db.write() as uow:
            if reading.run is not None and not await sync_runs.keep(uow, reading.run, uow.now + _LEASE):
                raise ReadAlready
            yield uow
            if reading.run is None:
                raise _Undone
    except _Undone:
        return


async def _read_and_write(reading: _Reading, *, is_believed: bool) -> Tally:
    with tempfile.TemporaryFile() as spool:
        await _spool(reading, spool)
        if not is_believed:
            await _require_enough(reading)
        spool.seek(0)
        written = 0
        while lines := [*islice(spool, CHUNK)]:
            async with _writing(reading) as uow:
                await note_all(uow, reading.robot, reading.entry, [*_read(lines)], reading.tally)
            written += len(lines)
            reading.progress("writing", written, reading.tally.seen)
    await _end_missing(reading)
    return reading.tally


async def _spool(reading: _Reading, spool: IO[bytes]) -> None:
    """Put everybody who is named into a file that nobody else can open, so that memory stays small and nothing is half read."""
    provider = cast(Syncing, reading.entry.module)
    async for evidence in provider.sync(reading.entry.settings):
        if (
            unkeepable(evidence)
            or evidence.is_transient
            or evidence.issuer != reading.issuer
            or not reading.seen.add(evidence.subject)
        ):
            continue
        spool.write(orjson.dumps(as_data(evidence)) + b"\n")
        reading.tally.seen += 1
        if reading.tally.seen % CHUNK == 0:
            reading.progress("reading", reading.tally.seen, None)
            # A page is in memory already: nothing else would run before the next one.
            await asyncio.sleep(0)
        if reading.tally.seen % _KEEP_EVERY == 0:
            async with _writing(reading):
                continue


def _read(lines: list[bytes]) -> Iterator[Evidence]:
    return (from_data(orjson.loads(line)) for line in lines)


async def _require_enough(reading: _Reading) -> None:
    """Raise TooFew where less than the agreed part of those who were there last time is left."""
    entry = reading.entry
    async with reading.db.read() as reader:
        runs = await sync_runs.find_many(reader, [entry.ref])
        expected = runs[0].believed if runs else None
        if expected is None:
            expected = await synced.count_identities(reader, entry.identity_scope, reading.issuer)
    if reading.tally.seen < entry.sync_least * expected:
        if reading.run is not None:
            await _alert(reading, expected, is_news=reading.run.outcome != REFUSED)
        raise TooFew(f"It names {reading.tally.seen} people, and {expected} before: {TooFew.__doc__}")


async def _alert(reading: _Reading, expected: int, *, is_news: bool) -> None:
    robot, entry, seen = reading.robot, reading.entry, reading.tally.seen
    log.error("sync_refused", provider=entry.ref, seen=seen, expected=expected)
    async with _writing(reading) as uow:
        detail = {"provider": entry.ref, "seen": seen, "expected": expected}
        await audit.record(uow, "sync_refused", actor="sync", via="sync", robot_id=robot.id, detail=detail)
        for each in await roles.of_robot(uow, robot.id) if is_news else ():
            await mails.sync_refused(
                uow,
                robot,
                each.address,
                label=entry.label,
                domain="'*'" if entry.scope == SERVER else entry.scope,
                key=entry.key,
                seen=seen,
                expected=expected,
            )


async def _end_missing(reading: _Reading) -> None:
    after, page = "", 250
    while True:
        async with reading.db.read() as reader:
            known = await synced.identities_after(
                reader, reading.entry.identity_scope, reading.issuer, after, page
            )
        missing = [each for each in known if each.subject not in reading.seen]
        for start in range(0, len(missing), CHUNK):
            async with _writing(reading) as uow:
                some = missing[start : start + CHUNK]
                await end_missing(uow, reading.robot, reading.entry, some, reading.seen, reading.tally)
        if len(known) < page:
            return
        await asyncio.sleep(0)
        after = known[-1].subject


async def _end(reading: _Reading, outcome: str, *, detail: str = "") -> None:
    run, tally = reading.run, reading.tally
    assert run is not None
    async with reading.db.write() as uow:
        believed = tally.seen if outcome == DONE else run.believed
        is_ours = await sync_runs.end(
            uow, run, outcome=outcome, seen=tally.seen, believed=believed, detail=detail
        )
        if is_ours and outcome == DONE:
            await audit.record(
                uow,
                "directory_synced",
                actor="sync",
                via="sync",
                robot_id=reading.robot.id,
                detail={"provider": reading.entry.ref, **asdict(tally)},
            )
    log.info("sync_ended", provider=reading.entry.ref, outcome=outcome, detail=detail, **asdict(tally))
