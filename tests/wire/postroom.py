"""The program itself as a process of its own, with a data directory and ports of this test's own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.databases import free_port

PROGRAM = str(Path(sys.executable).parent / "postroom")


@dataclass(frozen=True, slots=True)
class Running:
    """A server and how to talk to it; `environment` holds its settings for the commands beside it."""

    url: str
    host: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path

    def command(self, *words: str, given: str = "") -> str:
        """Run `postroom WORDS` with the server's settings; what it prints. Raises CalledProcessError."""
        done = subprocess.run(
            [PROGRAM, *words],
            env=self.environment,
            input=given,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise AssertionError(f"postroom {' '.join(words)}: {done.stderr}")
        return done.stdout

    def client(self, token: str | None = None) -> httpx.Client:
        """An HTTP client of one robot; with a bearer token, of that person."""
        headers = {"Host": self.host} | ({"Authorization": f"Bearer {token}"} if token else {})
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)


def ask(client: httpx.Client, document: str, **variables: Any) -> Any:
    """One GraphQL operation; its data. An error fails the test."""
    answer = client.post("/graphql", json={"query": document, "variables": variables})
    body = answer.json()
    assert "errors" not in body, body["errors"]
    return body["data"]


@contextmanager
def served(
    place: Path,
    *,
    smtp_port: int,
    lmtp_port: int | None = None,
    host: str = "lists.example.org",
    role: str = "serve",
    **more: str,
) -> Iterator[Running]:
    """Start `postroom ROLE`, wait until it is ready, and end it politely."""
    port = free_port()
    settings = {
        "DATA_DIR": str(place),
        "DATABASE_URL": f"sqlite+aiosqlite:///{place}/postroom.db",
        "HTTP_PORT": str(port),
        "LMTP_PORT": str(lmtp_port or free_port()),
        "SMTP_PORT": str(smtp_port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    } | {name.upper(): value for name, value in more.items()}
    environment = os.environ | {f"POSTROOM_{name}": value for name, value in settings.items()}
    log = place / "server.log"
    with log.open("wb") as said:
        process = subprocess.Popen([PROGRAM, role], env=environment, stdout=said, stderr=said)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", process, log)
        yield Running(f"http://127.0.0.1:{port}", host, environment, process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not become ready:\n{log.read_text()[-3000:]}")
