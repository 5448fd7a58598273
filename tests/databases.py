"""Real databases for tests: a migrated SQLite file, and a PostgreSQL server of our own in a temporary directory."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from storage.opening import migrate


class NothingInstalled(Exception):
    """PostgreSQL is not installed here: `make test` installs it, or apt install postgresql."""


def elsewhere(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end in a thread, since a fixture may be set up while a loop runs."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgresql_programs() -> Path:
    """The folder with initdb and postgres."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise NothingInstalled
    return Path(on_path).parent


def _as_owner(command: list[str]) -> list[str]:
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


class PostgresqlServer:
    """A PostgreSQL of our own on a free port; `url` ends before the database's name."""

    def __init__(self, *, is_durable: bool = True) -> None:
        """Make the cluster's files; nothing runs yet. One that is not durable waits for no disk."""
        self._durability = [] if is_durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        self._programs = postgresql_programs()
        self._place = Path(tempfile.mkdtemp(prefix="postroom-pg-", dir="/tmp"))
        self._place.chmod(0o755)
        self._data, self._port = self._place / "data", free_port()
        self.url = f"postgresql+asyncpg://postgres@127.0.0.1:{self._port}"
        self._data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self._data, "postgres")
        options = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            _as_owner([str(self._programs / "initdb"), "-D", str(self._data), *options]),
            check=True,
            capture_output=True,
            cwd="/",
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = [
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            f"port={self._port}",
            "-c",
            "unix_socket_directories=",
            "-c",
            "max_connections=200",
            *self._durability,
        ]
        with (self._place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                _as_owner([str(self._programs / "postgres"), "-D", str(self._data), *settings]),
                stdout=log,
                stderr=log,
                cwd="/",
            )
        elsewhere(_until_ready(self._port))

    def stop(self) -> None:
        """End it at once, as if it had crashed."""
        subprocess.run(
            _as_owner([str(self._programs / "pg_ctl"), "-D", str(self._data), "-m", "immediate", "stop"]),
            check=False,
            capture_output=True,
            cwd="/",
        )
        self._process.wait(20)

    def remove(self) -> None:
        """Remove its files."""
        shutil.rmtree(self._place, ignore_errors=True)


@contextmanager
def running_postgresql(*, is_durable: bool = True) -> Iterator[PostgresqlServer]:
    """A server that runs, and may be stopped and started."""
    server = PostgresqlServer(is_durable=is_durable)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        server.remove()


@contextmanager
def postgresql_server(*, is_durable: bool = True) -> Iterator[str]:
    """A server on a free port; yields the URL of its `postgres` database, without a database name at the end."""
    with running_postgresql(is_durable=is_durable) as server:
        yield server.url


async def _until_ready(port: int) -> None:
    for _ in range(200):
        try:
            await (await asyncpg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres")).close()
            return
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.1)
    raise TimeoutError("PostgreSQL did not start")


async def _command(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server.replace("+asyncpg", "") + "/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def postgresql_template(server: str) -> None:
    """A migrated database that others are copied from."""
    elsewhere(_command(server, "CREATE DATABASE template_postroom"))
    elsewhere(migrate(f"{server}/template_postroom"))


async def new_postgresql(server: str) -> str:
    """A fresh migrated database's URL."""
    name = f"t{uuid.uuid4().hex}"
    await _command(server, f"CREATE DATABASE {name} TEMPLATE template_postroom")
    return f"{server}/{name}"


async def drop_postgresql(server: str, url: str) -> None:
    """Remove a database that a test had."""
    await _command(server, f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")


# A database has some 600 files, so that making and removing one costs many times what emptying it costs.
_EMPTY = """
DO $$
DECLARE
  name text;
  is_used boolean;
BEGIN
  SET LOCAL lock_timeout = '1s';
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO is_used;
    CONTINUE WHEN NOT is_used;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I OFFSET 2000)', name) INTO is_used;
    IF is_used THEN
      RAISE EXCEPTION 'more rows than are worth deleting';
    END IF;
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  PERFORM setval(oid::regclass, 1, false) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S';
END $$
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


async def is_emptied(url: str) -> bool:
    """Whether a migrated database is as it was when it was made, and nobody's, after this; if not, it is to be dropped."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        # Whoever hung up just now is still seen for a moment.
        for _ in range(20):
            if not await connection.fetchval(_OTHERS):
                break
            await asyncio.sleep(0.01)
        else:
            return False
        await connection.execute(_EMPTY)
    except (asyncpg.RaiseError, asyncpg.LockNotAvailableError):
        return False
    finally:
        await connection.close()
    return True
