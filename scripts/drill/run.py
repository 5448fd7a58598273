"""One drill on one database, from an empty one to the verdict."""

import asyncio
import contextlib
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from bench._world import a_list, opened
from scripts.drill.books import Books, audit, hurry, is_all_done, waiting
from scripts.drill.counting import Count, counted
from scripts.drill.happening import Stage, perform
from scripts.drill.mail_server import MailServer, mail_server
from scripts.drill.outcome import Outcome
from scripts.drill.plan import KILLS, Act, Options, planned
from scripts.drill.posting import Author
from scripts.drill.processes import CONNECTIONS, Crew, nursery
from server.embedded_redis import EmbeddedRedis
from storage.database import Database
from tests.databases import PostgresqlServer, free_port

_LISTS = {"grouped": "never", "each": "always"}
_PACKET_SIZE = 50
_LONGEST_STANDSTILL = 90.0


async def drill(
    url: str,
    directory: Path,
    options: Options,
    *,
    postgresql: PostgresqlServer | None = None,
    shows_progress: bool = False,
) -> tuple[Outcome, Stage]:
    """Hold a drill; its verdict, and the stage with the journal and the mail server's notes."""
    secret = secrets.token_bytes(64)
    (directory / "secret.key").write_bytes(secret)
    (directory / "secret.key").chmod(0o600)
    modes = list(_LISTS) if options.mode == "both" else [options.mode]
    plan = planned(options, with_postgresql=postgresql is not None)
    async with opened(url, packet_size=_PACKET_SIZE, secret=secret) as database:
        for mode in modes:
            await a_list(database, mode, options.recipients, personalization=_LISTS[mode])
        with mail_server(directory, options.seed) as mail:
            async with _stage(url, directory, options, modes, mail, postgresql) as stage:
                began = time.monotonic()
                await _hold(plan, stage, database, options, shows_progress=shows_progress)
                seconds = time.monotonic() - began
                ended_in = stage.workers.leave()
                mail.look()
                members = _members(options.recipients)
                posts = stage.author.posts
                count = counted(mail.taken, dict.fromkeys(posts, members), stage.journal)
                books = await audit(database, dict.fromkeys(posts, options.recipients))
                return _outcome(options, stage, count, books, (seconds, ended_in)), stage


@contextlib.asynccontextmanager
async def _stage(
    url: str,
    directory: Path,
    options: Options,
    modes: list[str],
    mail: MailServer,
    postgresql: PostgresqlServer | None,
) -> AsyncIterator[Stage]:
    redis = EmbeddedRedis(directory)
    lmtp_port = free_port()
    settings = {
        "DATABASE_URL": url,
        "REDIS_URL": await redis.start(),
        "DATA_DIR": str(directory),
        "SMTP_PORT": str(mail.port),
        "SMTP_TLS": "off",
        "LMTP_PORT": str(lmtp_port),
        "WORKER_CONNECTIONS": str(CONNECTIONS),
        "WORKER_LEASE": str(options.lease),
        "PACKET_SIZE": str(_PACKET_SIZE),
    }
    try:
        with nursery() as starting:
            workers = Crew("worker", options.workers, directory, settings, starting)
            doors = Crew("door", 1, directory, settings, starting)
            yield Stage(workers, doors, mail, Author(lmtp_port, modes), redis, postgresql, options.lease)
            workers.leave()
            doors.leave()
    finally:
        await redis.stop()


async def _hold(
    plan: list[Act], stage: Stage, database: Database, options: Options, *, shows_progress: bool
) -> None:
    stage.workers.tend()
    stage.doors.tend()
    author = asyncio.create_task(stage.author.run())
    keeper = asyncio.create_task(_keep(stage, database, options.recipients))
    try:
        for place, act in enumerate(plan):
            if shows_progress:
                _show(stage, f"{place}/{len(plan)} {act.kind}")
            for task in (author, keeper):
                if task.done():
                    task.result()
            await asyncio.sleep(act.pause)
            await perform(act, stage)
        await asyncio.gather(*stage.beside)
        stage.mail.order("well")
        stage.author.leave()
        await author
        await _drained(stage, database, shows_progress=shows_progress)
    finally:
        for task in (keeper, author, *stage.beside):
            task.cancel()
        await asyncio.gather(keeper, author, *stage.beside, return_exceptions=True)
        if shows_progress:
            print(file=sys.stderr)


async def _keep(stage: Stage, database: Database, recipients: int) -> None:
    """Replace who has ended, hurry retries, and ask for a post when the queue gets short."""
    while True:
        await asyncio.sleep(0.25)
        stage.workers.tend()
        stage.doors.tend()
        stage.mail.look()
        # The database is away now and then: that is the drill.
        with contextlib.suppress(Exception):
            await hurry(database)
            if await waiting(database) < recipients and not stage.author.has_left:
                stage.author.is_wanted.set()


async def _drained(stage: Stage, database: Database, *, shows_progress: bool) -> None:
    """Wait until everything is delivered, or nothing more has been for a while: then those left were skipped."""
    seen, deadline = -1, 0.0
    while not await is_all_done(database, len(stage.author.posts)):
        if len(stage.mail.taken) > seen:
            seen, deadline = len(stage.mail.taken), time.monotonic() + _LONGEST_STANDSTILL
        if time.monotonic() > deadline:
            return
        if shows_progress:
            _show(stage, "waiting until everything is delivered")
        await asyncio.sleep(0.5)


def _show(stage: Stage, what: str) -> None:
    kills = sum(each.kind in KILLS for each in stage.journal)
    line = f"{what}: {len(stage.author.posts)} posts, {len(stage.mail.taken)} transactions, {kills} kills"
    end = "\r" if sys.stderr.isatty() else "\n"
    print(f"{line:100}", end=end, file=sys.stderr, flush=True)


def _members(count: int) -> frozenset[str]:
    return frozenset(sys.intern(f"member{n:06}@d{n % 20}.example") for n in range(count))


def _outcome(
    options: Options, stage: Stage, count: Count, books: Books, times: tuple[float, float]
) -> Outcome:
    acts = Counter(each.kind for each in stage.journal)
    return Outcome(
        database="postgresql" if stage.postgresql else "sqlite",
        mode=options.mode,
        seed=options.seed,
        posts=len(stage.author.posts),
        recipients=count.recipients,
        kills=sum(acts[kind] for kind in KILLS),
        acts=dict(acts),
        skipped=count.skipped,
        strangers=count.strangers,
        transactions=count.transactions,
        repeated_recipients=sum(each.recipients for each in count.repeats),
        repeated_transactions=count.repeated_transactions,
        repeated_by_reason=count.by_reason,
        most_in_one_kill=count.most_in_one_kill,
        connections=CONNECTIONS,
        unexplained=len(count.unexplained),
        books_accepted=books.accepted,
        books_wrong=books.wrong,
        seconds=round(times[0], 1),
        ended_politely_in=round(times[1], 2),
        repeats=[
            f"{each.later.at:.3f} {each.earlier.message_id}: {each.recipients} recipients, first by connection "
            f"{each.earlier.connection} of {each.earlier.client} at {each.earlier.at:.3f}: {each.why}"
            for each in count.repeats
        ],
    )
