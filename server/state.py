"""Everything that a running process holds: settings, site, database, news, counters; opened in order, closed in reverse."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import structlog

from delivery.worker import Worker
from lists import decisions
from mail.instant import DAY
from server.announcing import Announcer
from server.embedded_redis import EmbeddedRedis, RedisInUse, RedisNotStarted, RedisProgramMissing, socket_path
from server.mail_checks import policies_of
from server.metrics import Metrics
from server.redis_link import RedisLink
from server.settings import Settings, make_data_dir, secret_key
from storage.database import Database
from storage.opening import migrate, open_database, schema_revisions
from storage.site import Site

log = structlog.get_logger(__name__)
_MICROSECOND = timedelta(microseconds=1)
_DECISIONS_EVERY_SECONDS = 0.5


@dataclass(slots=True)
class State:
    """What the parts of a process share; `schema_head` is the revision of the tables that this program wants."""

    settings: Settings
    site: Site
    database: Database
    announcer: Announcer
    link: RedisLink
    metrics: Metrics
    version: str
    schema_head: str
    # The delivering role of this process, while it runs.
    worker: Worker | None = None


def running_version() -> str:
    """The version of this program, as installed."""
    try:
        return version("postroom")
    except PackageNotFoundError:
        return "0"


def site_of(settings: Settings) -> Site:
    """The facts that the lower floors need, in their units (Instants and durations are microseconds)."""
    return Site(
        public_url=settings.public_url,
        secret=secret_key(settings),
        mail_hostname=settings.mail_hostname,
        packet_size=settings.packet_size,
        give_up_after=settings.retry_give_up_after // _MICROSECOND,
        message_size_limit=settings.message_size_limit,
        list_backlog=settings.list_backlog,
        session_lifetime=settings.session_lifetime // _MICROSECOND,
        ticket_lifetime=settings.sign_in_ticket_lifetime // _MICROSECOND,
        confirmation_lifetime=settings.ticket_lifetime // _MICROSECOND,
        account_unused_after=settings.account_unused_days * DAY,
        bounces_before_telling=settings.bounces_before_telling,
        account_grace=settings.account_grace_days * DAY,
        federates_privately=settings.federation_private,
        author_policies=policies_of(settings),
    )


@contextlib.asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[State]:
    """The state of a process that serves: schema brought up to date, Redis started or found, news travelling."""
    make_data_dir(settings)
    async with contextlib.AsyncExitStack() as opened:
        url = await opened.enter_async_context(_redis(settings))
        site = site_of(settings)
        await migrate(settings.database_url)
        _, head = await schema_revisions(settings.database_url)
        stuck_after = settings.worker_lease // timedelta(milliseconds=1)
        database = await open_database(settings.database_url, site, stuck_after=stuck_after)
        opened.push_async_callback(database.close)
        announcer = Announcer()
        database.announce = announcer.announce
        link = RedisLink(url, announcer)
        await opened.enter_async_context(in_background(link.run(), "redis-link"))
        await opened.enter_async_context(keeping_decisions(database))
        yield State(settings, site, database, announcer, link, Metrics(), running_version(), head or "")


@contextlib.asynccontextmanager
async def in_background(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run `work` beside the block and end it with the block."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_say_if_broken)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _say_if_broken(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (broken := task.exception()) is not None:
        log.error("background_work_broke", name=task.get_name(), exc_info=broken)


@contextlib.asynccontextmanager
async def keeping_decisions(database: Database) -> AsyncIterator[None]:
    """Write down, beside the block and once more at its end, the decisions that readers left for later."""
    try:
        async with in_background(_write_decisions(database), "decisions"):
            yield
    finally:
        await _write_waiting(database, everything=True)


async def _write_decisions(database: Database) -> None:
    while True:
        await asyncio.sleep(_DECISIONS_EVERY_SECONDS)
        await _write_waiting(database)


async def _write_waiting(database: Database, *, everything: bool = False) -> None:
    try:
        await decisions.write_waiting(database, everything=everything)
    except Exception:
        # They wait on, as many as there is room for.
        log.exception("decisions_not_written")


@contextlib.asynccontextmanager
async def _redis(settings: Settings) -> AsyncIterator[str | None]:
    """The URL of Redis; with 'embedded', ours while this runs, or that of the process that was here first."""
    if settings.redis_url != "embedded":
        yield settings.redis_url
        return
    server = EmbeddedRedis(settings.data_dir)
    try:
        url: str | None = await server.start()
    except RedisInUse:
        url = f"unix://{socket_path(settings.data_dir)}"
    except (RedisProgramMissing, RedisNotStarted) as reason:
        # Only wake-ups are lost: workers look for themselves.
        log.warning("no_redis", reason=str(reason))
        url = None
    try:
        yield url
    finally:
        await server.stop()
