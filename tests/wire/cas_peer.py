"""A real CAS server (django-cas-server, in its own environment) on a free port, with four people, and a browser."""

import html
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.databases import free_port

HERE = Path(__file__).parent / "cas_server"
PROGRAM = Path(sys.prefix) / "peers" / "cas_server" / "bin" / "python"
PEOPLE = {
    "alice": {
        "password": "alice-pw",
        "attributes": {
            "displayName": "Alice Liddell",
            "mail": "alice@example.edu",
            "mailAlternateAddress": ["a.liddell@example.edu", "alice@elsewhere.example"],
            "affiliation": ["member", "staff"],
        },
    },
    "bob": {
        "password": "bob-pw",
        "attributes": {"displayName": "Bob Søren Müller & Söhne <x>", "mail": "bob@example.edu"},
    },
    "dora": {
        "password": "dora-pw",
        "attributes": {
            "displayName": "Dora Long",
            "mail": "dora@example.edu",
            "mailAlternateAddress": ["d.long@example.edu", "dora@elsewhere.example"],
            "affiliation": ["member", "staff"],
        },
    },
    "carol": {"password": "carol-pw", "attributes": {}},
}


def need_cas() -> None:
    """Skip the test where the server is not installed; fail instead if everything is asked for."""
    if PROGRAM.is_file():
        return
    reason = "django-cas-server is missing: `make setup-test` installs it"
    if os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class CasServer:
    """The running server."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def cas_server(place: Path, own_url: str, *, slo: str = "") -> Iterator[CasServer]:
    """Run it until the block ends, for the service `own_url`; `slo` is where it tells of logouts, "" at the service itself."""
    need_cas()
    place.mkdir(exist_ok=True)
    port = free_port()
    (place / "people.json").write_text(json.dumps(PEOPLE))
    (place / "services.json").write_text(json.dumps([{"pattern": f"^{re.escape(own_url)}/", "slo": slo}]))
    log = place / "cas.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [PROGRAM, "cas.py", str(place), str(port)], cwd=HERE, stdout=said, stderr=said
        )
    try:
        _wait(f"http://127.0.0.1:{port}/cas/login", process, log)
        yield CasServer(f"http://127.0.0.1:{port}/cas", process)
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        if process.poll() is not None:
            break
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the CAS server did not start:\n{log.read_text()[-3000:]}")


async def walk_cas(browser: httpx.AsyncClient, url: str, user: str, until: str) -> str:
    """Follow the server's pages from `url`, signing in as `user`; the first URL that begins with `until`."""
    answer = await browser.get(url)
    for _ in range(10):
        if answer.next_request is not None:
            onward = str(answer.next_request.url)
            if onward.startswith(until):
                return onward
            answer = await browser.get(onward)
        elif 'name="password"' in answer.text:
            hidden = re.findall(
                r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', answer.text
            )
            form = {html.unescape(name): html.unescape(value) for name, value in hidden}
            answer = await browser.post(
                str(answer.url), data=form | {"username": user, "password": f"{user}-pw"}
            )
        else:
            break
    raise AssertionError(f"{answer.status_code} at {answer.url}: {answer.text[:2000]}")
