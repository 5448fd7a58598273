"""The drill: workers are killed with SIGKILL in the middle of a distribution, and every recipient is counted.

    .venv/bin/python -m scripts.drill [--database sqlite|postgresql|both] [--recipients 10000] [--kills 12]
                                      [--mode grouped|each|both] [--json]

A list gets one post. A worker (`postroom worker`, a real process) delivers it to a mail server that writes down every
transaction before it acknowledges it. The worker is killed at random instants and started again; half way, Redis is
emptied (FLUSHALL). In the end every recipient is counted: nobody may be missing, and no more transactions may have
been repeated than connections were open at the kills.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from redis.asyncio import Redis
from sqlalchemy import select

from bench._world import a_list, a_post, opened, sqlite_url
from server.embedded_redis import EmbeddedRedis
from storage import deliveries
from storage.database import Database
from storage.query import Query, param
from storage.tables.mail import deliveries as table
from storage.tables.words import DeliveryStatus
from tests.databases import free_port, new_postgresql, postgresql_server, postgresql_template

CONNECTIONS = 10
_SECRET = b"d" * 64
_NEWEST = Query(
    select(table.c.id).where(table.c.kind == param("kind")).order_by(table.c.id.desc()).limit(1), int
)
_LONGEST = 300.0


@dataclass
class Outcome:
    """What one drill found."""

    database: str
    mode: str
    recipients: int
    kills: int
    redis_flushed: bool
    skipped: int
    strangers: int
    repeated_recipients: int
    repeated_transactions: int
    allowed_transactions: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Nobody skipped, and no more repeated than was in doubt."""
        return (
            self.skipped == 0
            and self.strangers == 0
            and self.repeated_transactions <= self.allowed_transactions
        )


@contextlib.contextmanager
def sink(directory: Path, delay: float) -> Iterator[tuple[int, Path]]:
    """The mail server; its port and the file that it writes."""
    port, path = free_port(), directory / "taken.jsonl"
    command = [sys.executable, "-m", "bench._counting_sink", str(port), str(path), str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError("the sink did not start")
        try:
            yield port, path
        finally:
            process.kill()


class WorkerProcess:
    """A worker that is started, killed and started again."""

    def __init__(self, directory: Path, database_url: str, redis_url: str, port: int) -> None:
        """All of its settings come from the environment."""
        self._log = (directory / "worker.log").open("ab")
        self._environment = os.environ | {
            "POSTROOM_DATABASE_URL": database_url,
            "POSTROOM_REDIS_URL": redis_url,
            "POSTROOM_DATA_DIR": str(directory),
            "POSTROOM_SMTP_PORT": str(port),
            "POSTROOM_SMTP_TLS": "off",
            "POSTROOM_WORKER_CONNECTIONS": str(CONNECTIONS),
            "POSTROOM_WORKER_LEASE": "2",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._log.close()

    def start(self) -> None:
        """A new process."""
        command = [str(Path(sys.executable).parent / "postroom"), "worker"]
        self._process = subprocess.Popen(command, env=self._environment, stdout=self._log, stderr=self._log)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it, at once by default."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


def transactions(path: Path) -> list[list[str]]:
    """The recipients of each transaction that the mail server took."""
    if not path.exists():
        return []
    return [json.loads(line)["to"] for line in path.read_text().splitlines()]


async def drill(
    name: str, database_url: str, directory: Path, mode: str, recipients: int, kills: int
) -> Outcome:
    """One list, one post, so many kills."""
    delay = 0.25 if mode == "grouped" else 0.02
    redis = EmbeddedRedis(directory)
    redis_url = await redis.start()
    (directory / "secret.key").write_bytes(_SECRET)
    (directory / "secret.key").chmod(0o600)
    try:
        async with opened(database_url, secret=_SECRET) as database:
            await a_list(
                database, "drill", recipients, personalization="always" if mode == "each" else "never"
            )
            await a_post(database, "drill")
            with sink(directory, delay) as (port, path):
                started = time.monotonic()
                with WorkerProcess(directory, database_url, redis_url, port) as worker:
                    done = await _kill_and_restart(database, worker, path, redis_url, kills)
                seconds = time.monotonic() - started
            return _counted(name, mode, recipients, done, path, seconds)
    finally:
        await redis.stop()


async def _kill_and_restart(
    database: Database, worker: WorkerProcess, path: Path, redis_url: str, kills: int
) -> int:
    done = 0
    deadline = time.monotonic() + _LONGEST
    worker.start()
    while time.monotonic() < deadline and not await _is_complete(database):
        if done >= kills:
            await asyncio.sleep(0.1)
            continue
        before = len(transactions(path))
        while len(transactions(path)) == before and not await _is_complete(database):
            await asyncio.sleep(0.01)
        await asyncio.sleep(random.uniform(0.0, 0.3))
        if await _is_complete(database):
            break
        worker.kill()
        done += 1
        if done == max(1, kills // 2):
            async with Redis.from_url(redis_url) as client:
                await client.flushall()
        worker.start()
    worker.kill(signal.SIGTERM)
    return done


async def _is_complete(database: Database) -> bool:
    async with database.read() as reader:
        newest = await reader.first(_NEWEST, kind="post")
        found = await deliveries.find(reader, newest or 0)
        return found is not None and found.status is DeliveryStatus.COMPLETED


def _counted(name: str, mode: str, recipients: int, kills: int, path: Path, seconds: float) -> Outcome:
    taken = transactions(path)
    times = Counter(address for each in taken for address in each)
    expected = {f"member{n:06}@d{n % 20}.example" for n in range(recipients)}
    seen: set[str] = set()
    repeats = 0
    for each in taken:
        repeats += any(address in seen for address in each)
        seen.update(each)
    return Outcome(
        database=name,
        mode=mode,
        recipients=recipients,
        kills=kills,
        redis_flushed=kills > 0,
        skipped=len(expected - set(times)),
        strangers=len(set(times) - expected),
        repeated_recipients=sum(count - 1 for count in times.values()),
        repeated_transactions=repeats,
        allowed_transactions=kills * CONNECTIONS,
        seconds=round(seconds, 1),
    )


def main() -> None:
    """Run the drills that the command line names; exit 1 when one fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--mode", choices=["grouped", "each", "both"], default="both")
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    modes = ["grouped", "each"] if chosen.mode == "both" else [chosen.mode]
    outcomes: list[Outcome] = []
    with contextlib.ExitStack() as stack:
        urls: list[tuple[str, str | None]] = [("sqlite", None)] if chosen.database != "postgresql" else []
        if chosen.database != "sqlite":
            server = stack.enter_context(postgresql_server())
            postgresql_template(server)
            urls.append(("postgresql", server))
        for name, server_url in urls:
            for mode in modes:
                with tempfile.TemporaryDirectory(prefix="drill-") as place:
                    directory = Path(place)
                    url = asyncio.run(new_postgresql(server_url)) if server_url else sqlite_url(directory)
                    outcome = asyncio.run(drill(name, url, directory, mode, chosen.recipients, chosen.kills))
                    outcomes.append(outcome)
                    _show(outcome, as_json=chosen.json)
    if not all(outcome.passed for outcome in outcomes):
        raise SystemExit(1)


def _show(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(outcome) | {"passed": outcome.passed}), flush=True)
        return
    verdict = "passed" if outcome.passed else "FAILED"
    print(
        f"{outcome.database:10} {outcome.mode:8} {outcome.recipients} recipients, {outcome.kills} kills in "
        f"{outcome.seconds} s: skipped {outcome.skipped}, repeated {outcome.repeated_recipients} recipients in "
        f"{outcome.repeated_transactions} transactions (in doubt: at most {outcome.allowed_transactions}): {verdict}",
        flush=True,
    )


if __name__ == "__main__":
    main()
