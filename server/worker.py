"""The delivering role: one worker on the queue in SQL, woken by commits of this process and by arq for those of others."""

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import IO

import structlog

from delivery import retention
from delivery.servers import MailServer, MailServers
from delivery.worker import Worker
from federation import budgets, named, peers
from identity.actor import founder
from identity.housekeeping import tidy
from identity.keeping import warn_of_lapsing
from lists import account_removal, automatic_lists, decisions
from lists.bounces.tending import tend
from lists.documents import trash
from server.directory_syncs import sync_when_due
from server.presence import present
from server.redis_link import DELIVER
from server.state import State, in_background
from server.wake_ups import hear
from storage import federation_keys
from storage.opening import sqlite_path

log = structlog.get_logger(__name__)

_TIDY_EVERY_SECONDS = 3600.0
_LOCK_EVERY_SECONDS = 0.5
# The worker cuts what is silent after a second; what it could not give back is by its lease.
_PATIENCE_SECONDS = 1.5
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)


async def run_worker(state: State, stop: asyncio.Event) -> None:
    """Deliver until `stop` is set; then end within two seconds, whatever the queue holds."""
    async with _alone(state, stop) as is_alone:
        if stop.is_set():
            return
        worker = state.worker = _worker(state, is_alone=is_alone)
        log.info(
            "worker_open",
            name=worker.name,
            connections=worker.connections,
            mail_servers=[f"{host}:{port}" for host, port in state.settings.mail_servers],
        )
        state.announcer.call(DELIVER, worker.wake)
        background = [
            in_background(_tidy_now_and_then(state), "tidy"),
            in_background(sync_when_due(state.database), "sync"),
        ]
        if state.link.url:
            background.append(in_background(hear(state.link.url, worker.wake), "arq"))
        async with contextlib.AsyncExitStack() as beside:
            await beside.enter_async_context(
                present(state, "worker", name=worker.name, detail=lambda: _told(worker))
            )
            for each in background:
                await beside.enter_async_context(each)
            await _until(worker, stop)


def _worker(state: State, *, is_alone: bool) -> Worker:
    settings = state.settings
    tls = "none" if settings.smtp_tls == "off" else settings.smtp_tls
    servers = [
        MailServer(host, port, hostname=settings.mail_hostname, tls=tls)
        for host, port in settings.mail_servers
    ]
    return Worker(
        state.database,
        MailServers(servers, use=settings.smtp_servers_use),
        connections=settings.worker_connections,
        lease=settings.worker_lease // _MICROSECOND,
        ageing=settings.priority_ageing // _MICROSECOND,
        is_alone=is_alone,
    )


def _told(worker: Worker) -> dict[str, object]:
    """What a worker says of itself: how it finds the mail servers, and what it does."""
    servers = [
        {
            "server": each.server.name,
            "connections": each.connections,
            "failures": each.failures,
            "is_out": each.is_out(worker.servers.now()),
            "reply": each.last_reply,
        }
        for each in worker.servers.states
    ]
    return {"connections": worker.connections, "packets": worker.packets_in_hand, "mail_servers": servers}


async def _until(worker: Worker, stop: asyncio.Event) -> None:
    """Run the worker; an error of it ends the role, so that a supervisor notices."""
    running = asyncio.create_task(worker.run(), name="worker")
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        worker.stop.set()
        await asyncio.wait_for(running, _PATIENCE_SECONDS)
    except TimeoutError:
        log.warning("worker_cut_short")
    finally:
        stopping.cancel()
        running.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)


@contextlib.asynccontextmanager
async def _alone(state: State, stop: asyncio.Event) -> AsyncIterator[bool]:
    """On SQLite, wait until no other process delivers from this file; whether it is so (PostgreSQL: nobody waits)."""
    path = sqlite_path(state.settings.database_url)
    if path is None:
        yield False
        return
    with path.with_name(f"{path.name}.delivering").open("w") as lock:
        if not _locked(lock):
            log.warning("another_process_delivers", action="waiting until it ends")
            while not stop.is_set() and not _locked(lock):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _LOCK_EVERY_SECONDS)
        yield True


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _tidy_now_and_then(state: State) -> None:
    while True:
        await asyncio.sleep(_TIDY_EVERY_SECONDS)
        try:
            async with state.database.write(durable=False) as uow:
                removed = await tidy(uow) + await decisions.drop_old(uow, before=uow.now - _kept(state))
                removed += await federation_keys.drop_old(uow, before=uow.now)
                removed += await budgets.tidy(uow)
            removed += await trash.sweep(state.database)
            removed += await retention.sweep(
                state.database, state.settings.deliveries_kept_days * (_DAY // _MICROSECOND)
            )
            removed += await account_removal.sweep(state.database, founder())
            log.info("told", addresses_lapse=await warn_of_lapsing(state.database))
            log.info("looked_at_peers", fetched=await peers.refresh_stale(state.database))
            log.info("addresses_named", peers=await named.tidy(state.database))
            log.info("bounces_tended", **await tend(state.database))
            log.info("tidied", rows=removed, lists_expired=await automatic_lists.expire(state.database))
        except Exception:
            # Nothing depends on it, and there is another time.
            log.exception("not_tidied")


def _kept(state: State) -> int:
    return state.settings.decisions_kept_days * (_DAY // _MICROSECOND)
