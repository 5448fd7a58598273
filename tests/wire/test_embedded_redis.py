"""The embedded Redis survives the death of its server, and its server does not survive ours."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from server.embedded_redis import EmbeddedRedis, RedisInUse, answers, running_url, socket_path

HOST_PROCESS = """
import asyncio, sys
from pathlib import Path
from server.embedded_redis import EmbeddedRedis

async def main():
    redis = EmbeddedRedis(Path(sys.argv[1]))
    await redis.start()
    print(redis.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path)
    await server.start()
    yield server
    await server.stop()


async def _until_another_answers(server: EmbeddedRedis, old: int | None, path: Path) -> None:
    async with asyncio.timeout(10):
        while server.pid == old or not await answers(path):
            await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while _alive(pid):
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.02)


def _start_host_process(directory: Path) -> tuple[subprocess.Popen[str], int]:
    host = subprocess.Popen(
        [sys.executable, "-c", HOST_PROCESS, str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert host.stdout is not None
    return host, int(host.stdout.readline())


async def test_a_client_speaks_to_it_over_its_socket(redis: EmbeddedRedis) -> None:
    async with Redis.from_url(redis.url) as client:
        assert await client.set("word", "kept")
        assert await client.get("word") == b"kept"


async def test_it_listens_on_no_port(redis: EmbeddedRedis) -> None:
    async with Redis.from_url(redis.url) as client:
        assert (await client.config_get("port"))["port"] == "0"


async def test_a_killed_server_is_started_again_with_its_keys(redis: EmbeddedRedis, tmp_path: Path) -> None:
    async with Redis.from_url(redis.url) as client:
        await client.set("word", "kept")
    old = redis.pid
    assert old is not None
    os.kill(old, signal.SIGKILL)
    await _until_another_answers(redis, old, tmp_path / "redis.sock")
    async with Redis.from_url(redis.url) as client:
        assert await client.get("word") == b"kept"


async def test_a_second_start_keeps_the_keys(tmp_path: Path) -> None:
    for round_number in range(2):
        server = EmbeddedRedis(tmp_path)
        async with Redis.from_url(await server.start()) as client:
            assert await client.incr("starts") == round_number + 1
        await server.stop()


async def test_a_second_start_on_the_same_directory_is_refused_in_words(
    redis: EmbeddedRedis, tmp_path: Path
) -> None:
    with pytest.raises(RedisInUse, match="POSTROOM_DATA_DIR"):
        await EmbeddedRedis(tmp_path).start()
    assert await answers(tmp_path / "redis.sock"), "the refused start disturbed the running server"


async def test_another_process_finds_the_running_server(redis: EmbeddedRedis, tmp_path: Path) -> None:
    assert await running_url(tmp_path) == redis.url
    await redis.stop()
    assert await running_url(tmp_path) is None


async def test_a_stop_ends_the_server(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    await server.start()
    pid = server.pid
    assert pid is not None
    await server.stop()
    assert not _alive(pid)
    await server.stop()


async def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "redis.sock").write_text("left behind")
    server = EmbeddedRedis(tmp_path)
    await server.start()
    assert await answers(tmp_path / "redis.sock")
    await server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_server_ends_when_its_process_is_killed(tmp_path: Path) -> None:
    host, server_pid = _start_host_process(tmp_path)
    assert _alive(server_pid)
    host.kill()
    host.communicate()
    _wait_until_gone(server_pid)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_it_starts_after_its_process_and_server_were_both_killed(tmp_path: Path) -> None:
    host, server_pid = _start_host_process(tmp_path)
    async with Redis.from_url(f"unix://{socket_path(tmp_path)}") as client:
        await client.set("word", "kept")
    os.kill(host.pid, signal.SIGSTOP)
    os.kill(server_pid, signal.SIGKILL)
    host.kill()
    host.communicate()
    server = EmbeddedRedis(tmp_path)
    async with Redis.from_url(await server.start()) as client:
        assert await client.get("word") == b"kept"
    await server.stop()


async def test_an_orphan_is_stopped_before_a_new_server_starts(tmp_path: Path, redis: EmbeddedRedis) -> None:
    """What macOS leaves behind: a live server whose Postroom is gone, so nobody holds the lock."""
    orphan = redis.pid
    assert orphan is not None
    (tmp_path / "redis" / "lock").unlink()
    redis_watcher = redis._watcher
    assert redis_watcher is not None
    redis_watcher.cancel()
    successor = EmbeddedRedis(tmp_path)
    await successor.start()
    assert successor.pid != orphan
    assert not _alive(orphan)
    await successor.stop()


async def test_a_data_directory_with_a_long_name_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    server = EmbeddedRedis(deep)
    async with Redis.from_url(await server.start()) as client:
        assert await client.ping()
    assert len(os.fsencode(socket_path(deep))) <= 103
    await server.stop()
    socket_path(deep).parent.rmdir()
