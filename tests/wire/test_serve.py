"""The server as a process: soon ready, soon gone, and untroubled when its Redis is killed or another process delivers."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.databases import drop_postgresql, free_port, new_postgresql
from tests.wire.postroom import PROGRAM, Running, served
from tests.wire.sink import Sink

ROBOT = "lists.example.org"


@contextmanager
def sink(**options: object) -> Iterator[Sink]:
    """A mail server that takes everything, in a thread, since the tests here wait without a loop."""
    ready, stop = threading.Event(), asyncio.Event()
    server = Sink(**options)  # type: ignore[arg-type]
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with server:
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def _world(running: Running, members: int, **settings: str) -> None:
    running.command("robot", "create", ROBOT)
    chosen = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    running.command("list", "create", f"all@{ROBOT}", "--set", "send=public", *chosen)
    rows = "".join(f"m{number}@d{number % 40}.example\n" for number in range(members))
    running.command("membership", "import", f"all@{ROBOT}", "-", "--quiet", given=f"email\n{rows}")


def _mail_in(running: Running, subject: str) -> None:
    """Hand a message to the LMTP door."""
    port = int(running.environment["POSTROOM_LMTP_PORT"])
    raw = f"From: a@example.net\r\nTo: all@{ROBOT}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.net>\r\n\r\nHello.\r\n"

    async def talk() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.write(b"LHLO t\r\n")
        while not (await reader.readline()).startswith(b"250 "):
            pass
        for line in (b"MAIL FROM:<a@example.net>\r\n", f"RCPT TO:<all@{ROBOT}>\r\n".encode(), b"DATA\r\n"):
            writer.write(line)
            await reader.readline()
        writer.write(raw.encode() + b".\r\n")
        answer = await reader.readline()
        writer.close()
        return answer

    assert asyncio.run(talk()).startswith(b"250")


def check_until(what: str, is_so: "object", seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def _recipients(server: Sink) -> int:
    return sum(len(taken.recipients) for taken in server.taken)


def _state(running: Running) -> dict[str, object]:
    found: dict[str, object] = httpx.get(f"{running.url}/readyz").json()
    return found


def _ends_within(running: Running, seconds: float) -> None:
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(seconds + 5) == 0, running.log.read_text()[-2000:]
    assert time.monotonic() - began < seconds


def test_one_process_is_ready_soon_small_and_gone_soon(tmp_path: Path) -> None:
    began = time.monotonic()
    with served(tmp_path, smtp_port=free_port()) as running:
        took = time.monotonic() - began
        status = Path(f"/proc/{running.process.pid}/status")
        if status.exists():
            [resident] = [line.split()[1] for line in status.read_text().splitlines() if "VmRSS" in line]
            assert int(resident) < 150_000
        check_until("redis is there", lambda: _state(running)["redis"] == "ok")
        _ends_within(running, 2)
    # Generous: other tests use the same two cores.
    assert took < 8


def test_it_ends_at_once_in_the_middle_of_a_large_delivery_and_goes_on_later(tmp_path: Path) -> None:
    with sink(keeps_data=False) as mta:
        with served(tmp_path, smtp_port=mta.port) as running:
            _world(running, 20_000, personalization="always")
            _mail_in(running, "large")
            check_until("delivering has begun", lambda: _recipients(mta) > 200)
            _ends_within(running, 2)
        assert _recipients(mta) < 20_000
        with served(tmp_path, smtp_port=mta.port) as running:
            check_until("everybody has it", lambda: _recipients(mta) >= 20_000, 60)
            check_until("the account adds up", lambda: _is_accounted_for(running))
    # A stopped worker settles what it sent: nobody gets it twice.
    assert _recipients(mta) == 20_000


def _is_accounted_for(running: Running) -> bool:
    return '"accepted": 20000' in running.command("delivery", "audit", "1", "--json")


def test_killing_redis_stops_no_mail_and_redis_comes_back(tmp_path: Path) -> None:
    with sink() as mta, served(tmp_path, smtp_port=mta.port) as running:
        _world(running, 3)
        check_until("redis is there", lambda: _state(running)["redis"] == "ok")
        os.kill(_redis_of(tmp_path), signal.SIGKILL)
        _mail_in(running, "without-redis")
        check_until("the message is out", lambda: _recipients(mta) == 3)
        check_until("redis is back", lambda: _state(running)["redis"] == "ok")
        _mail_in(running, "with-redis")
        check_until("the second is out", lambda: _recipients(mta) == 6)


def _redis_of(place: Path) -> int:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"redis-server" in words and str(place).encode() in words:
            return int(process.name)
    raise AssertionError("no redis runs here")


def test_a_redis_that_is_not_there_delays_nothing_else(tmp_path: Path) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    with sink() as mta, served(tmp_path, smtp_port=mta.port, redis_url=nowhere) as running:
        _world(running, 3)
        _mail_in(running, "hello")
        check_until("the message is out", lambda: _recipients(mta) == 3)
        check_until("it is known", lambda: _state(running)["redis"] == "away")
        assert _state(running)["ready"] is True


def test_on_sqlite_one_process_delivers_and_the_next_takes_over(tmp_path: Path) -> None:
    with sink() as mta, served(tmp_path, smtp_port=mta.port) as running:
        _world(running, 3)
        with _second_worker(running, tmp_path) as second:
            log = tmp_path / "second.log"
            check_until(
                "the second says that it waits", lambda: "another_process_delivers" in log.read_text()
            )
            _mail_in(running, "first")
            check_until("the message is out once", lambda: _recipients(mta) == 3)
            second.send_signal(signal.SIGTERM)
            assert second.wait(5) == 0


@contextmanager
def _second_worker(running: Running, place: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with (place / "second.log").open("wb") as said:
        process = subprocess.Popen([PROGRAM, "worker"], env=running.environment, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_roles_apart_reach_each_other_through_redis_and_sql(tmp_path: Path) -> None:
    lmtp = free_port()
    with sink() as mta, served(tmp_path, smtp_port=mta.port, lmtp_port=lmtp, role="web") as running:
        _world(running, 3)
        others = [
            subprocess.Popen([PROGRAM, role], env=running.environment, stderr=subprocess.DEVNULL)
            for role in ("worker", "door")
        ]
        try:
            check_until("the door is open", lambda: _is_open(lmtp))
            _mail_in(running, "apart")
            check_until("the message is out", lambda: _recipients(mta) == 3)
        finally:
            for process in others:
                process.send_signal(signal.SIGTERM)
            assert [process.wait(10) for process in others] == [0, 0]


def _is_open(port: int) -> bool:
    try:
        asyncio.run(_connect(port))
    except OSError:
        return False
    return True


async def _connect(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


def test_a_postgresql_that_hangs_up_on_everybody_stops_nothing(tmp_path: Path, postgresql: str) -> None:
    url = asyncio.run(new_postgresql(postgresql))
    with sink() as mta, served(tmp_path, smtp_port=mta.port, database_url=url, worker_lease="3") as running:
        _world(running, 250)
        _mail_in(running, "before")
        check_until("the first is out", lambda: _recipients(mta) == 250)
        for number in range(3):
            asyncio.run(_hang_up(url))
            check_until("it is ready again", lambda: _state(running)["ready"] is True)
            _mail_in_sooner_or_later(running, f"after-{number}")
        check_until("all are out", lambda: _recipients(mta) == 1000)
    asyncio.run(drop_postgresql(postgresql, url))


async def _hang_up(url: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()


def _mail_in_sooner_or_later(running: Running, subject: str) -> None:
    """As a mail server does: what is put off is tried again."""

    def is_taken() -> bool:
        try:
            _mail_in(running, subject)
        except AssertionError:
            return False
        return True

    check_until("the message is taken", is_taken)


def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with served(tmp_path, smtp_port=free_port()) as running:
        second = subprocess.run(
            [PROGRAM, "web"], env=running.environment, capture_output=True, text=True, timeout=30, check=False
        )
    assert second.returncode == 1
    assert "POSTROOM_HTTP_PORT" in second.stderr.splitlines()[-1]
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("times", [2])
def test_a_demo_started_again_finds_its_world(tmp_path: Path, times: int) -> None:
    counts = []
    for _ in range(times):
        with served(tmp_path, smtp_port=free_port(), role="demo") as running:
            check_until("mail is there", lambda: len(_mailbox(running)) >= 7)
            counts.append(len(_mailbox(running)))
    assert counts[0] == counts[1] == 7


def _mailbox(running: Running) -> list[object]:
    found: list[object] = httpx.get(f"{running.url}/playground/mailbox.json").json()
    return found
