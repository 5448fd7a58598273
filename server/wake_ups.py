"""Wake-ups for the worker out of Redis, by arq: one for each commit somewhere else, and a sweep every ten seconds."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC
from typing import Any

import structlog
from arq import cron
from arq.worker import Worker, func

from server.redis_link import AWAY, DELIVER, QUEUE, deserialize, open_pool, serialize

log = structlog.get_logger(__name__)

_SWEEP_SECONDS = frozenset(range(0, 60, 10))
_JOB_TIMEOUT_SECONDS = 10
# Above the number of jobs that all workers together may have in hand, or new ones starve (stack, section 1).
_QUEUE_READ_LIMIT = 1000
_PAUSE_SECONDS = 1.0


async def hear(url: str, wake: Callable[[], None]) -> None:
    """Call `wake` at each wake-up until cancelled; while Redis is away the worker's own clock has to do."""
    while True:
        try:
            await _take_jobs(url, wake)
        except AWAY as reason:
            log.warning("wake_ups_away", reason=type(reason).__name__)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _wake(ctx: dict[Any, Any], *_: Any, **__: Any) -> None:
    ctx["wake"]()


async def _take_jobs(url: str, wake: Callable[[], None]) -> None:
    pool = await open_pool(url)
    try:
        taker = Worker(
            functions=[func(_wake, name=DELIVER, keep_result=0, max_tries=1)],
            cron_jobs=[
                cron(
                    _wake,
                    name="sweep",
                    second=set(_SWEEP_SECONDS),
                    keep_result=0,
                    timeout=_JOB_TIMEOUT_SECONDS,
                )
            ],
            ctx={"wake": wake},
            redis_pool=pool,
            queue_name=QUEUE,
            handle_signals=False,
            job_completion_wait=10,
            job_timeout=_JOB_TIMEOUT_SECONDS,
            keep_result=0,
            poll_delay=0.1,
            queue_read_limit=_QUEUE_READ_LIMIT,
            health_check_interval=5,
            allow_abort_jobs=False,
            job_serializer=serialize,
            job_deserializer=deserialize,
            timezone=UTC,
            log_results=False,
        )
        try:
            await taker.async_run()
        finally:
            # A job only sets an event; one that is cut off is a wake-up that the next sweep repeats.
            for task in taker.tasks.values():
                task.cancel()
            await asyncio.gather(*taker.tasks.values(), return_exceptions=True)
    finally:
        with contextlib.suppress(*AWAY):
            await pool.aclose()
