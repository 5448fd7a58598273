"""The way to other processes: wake-ups for their workers and news for their listeners, through Redis while it is there."""

import asyncio
import contextlib
import secrets
from typing import Any

import orjson
import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from server.announcing import Announcer

log = structlog.get_logger(__name__)

QUEUE = "postroom:wake-ups"
CHANNEL = "postroom:news"
DELIVER = "deliver"
# A wake-up that nobody took within a minute is worth nothing: workers look for themselves.
_WAKE_UP_LASTS_SECONDS = 60
_PAUSE_SECONDS = 1.0
AWAY = (RedisError, OSError, TimeoutError)


def redis_settings(url: str) -> RedisSettings:
    """The settings of arq for a URL, patient with a Redis that goes away for some seconds (stack, section 1)."""
    made = RedisSettings.from_dsn(url)
    made.conn_retries = 0
    made.retry = Retry(ExponentialBackoff(cap=1, base=0.05), 12)
    made.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    made.retry_on_timeout = True
    return made


def serialize(job: dict[str, Any]) -> bytes:
    """A job as JSON: arq's own pickle would let whoever writes to Redis run code here."""
    return orjson.dumps(job, default=repr)


def deserialize(raw: bytes) -> dict[str, Any]:
    """A job back from JSON."""
    read: dict[str, Any] = orjson.loads(raw)
    return read


async def open_pool(url: str) -> ArqRedis:
    """Connections to Redis that speak arq; raises one of AWAY when it does not answer."""
    return await create_pool(
        redis_settings(url), job_serializer=serialize, job_deserializer=deserialize, default_queue_name=QUEUE
    )


class RedisLink:
    """Carries what lies in the announcer's tray out, and what others announce in; `state` says how it goes."""

    def __init__(self, url: str | None, announcer: Announcer) -> None:
        """Without a `url` nothing is carried: every process then looks for itself."""
        self.url = url
        self.state = "connecting" if url else "off"
        self._announcer = announcer
        self._name = secrets.token_hex(8)

    async def run(self) -> None:
        """Carry until cancelled, connecting again whenever Redis went away."""
        while self.url:
            try:
                pool = await open_pool(self.url)
                try:
                    await self._carry(pool)
                finally:
                    await pool.aclose()
            except AWAY as reason:
                self._is_away(reason)
            await asyncio.sleep(_PAUSE_SECONDS)

    def _is_away(self, reason: BaseException) -> None:
        if self.state != "away":
            log.warning("redis_away", reason=type(reason).__name__)
        self.state = "away"

    async def _carry(self, pool: ArqRedis) -> None:
        out, into = asyncio.create_task(self._send(pool)), asyncio.create_task(self._receive(pool))
        try:
            done, _ = await asyncio.wait((out, into), return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in (out, into):
                task.cancel()
            await asyncio.gather(out, into, return_exceptions=True)

    async def _send(self, pool: ArqRedis) -> None:
        self.state = "ok"
        while True:
            await self._announcer.has_news.wait()
            self._announcer.has_news.clear()
            for what in tuple(self._announcer.tray):
                # Told twice is harmless, told never is late: it leaves the tray afterwards.
                if what == DELIVER:
                    await pool.enqueue_job(DELIVER, _expires=_WAKE_UP_LASTS_SECONDS)
                await pool.publish(CHANNEL, f"{self._name} {what}")
                self._announcer.tray.discard(what)

    async def _receive(self, pool: ArqRedis) -> None:
        async with contextlib.aclosing(pool.pubsub()) as heard:
            await heard.subscribe(CHANNEL)
            async for message in heard.listen():
                sender, _, what = _text(message.get("data")).partition(" ")
                if what and sender != self._name:
                    self._announcer.ring(what)


def _text(data: object) -> str:
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data or "")
