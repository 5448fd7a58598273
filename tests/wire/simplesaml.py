"""A real SAML identity provider (Debian's simplesamlphp under PHP's own web server), and a browser that signs in there."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest

from tests.databases import free_port

HERE = Path(__file__).parent / "simplesaml"
ENTITY_ID = "https://idp.example.edu/saml"
_PAGES = Path("/usr/share/simplesamlphp/www")


def need_simplesaml() -> None:
    """Skip the test where simplesamlphp is not installed; fail instead if everything is asked for."""
    if _PAGES.is_dir() and shutil.which("php") and shutil.which("xmlsec1"):
        return
    reason = "simplesamlphp, php or xmlsec1 is not installed: `make test` installs them"
    if os.environ.get("REQUIRE_EVERY_TEST"):
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Simplesaml:
    """The running identity provider; `url` is where its pages are, with a final slash."""

    url: str
    place: Path
    process: subprocess.Popen[bytes]

    def metadata(self) -> bytes:
        """What it publishes about itself."""
        answer = httpx.get(f"{self.url}saml2/idp/metadata.php", trust_env=False, timeout=20)
        return answer.raise_for_status().content

    def trust(self, name: str, metadata: str | bytes) -> None:
        """Trust a service provider from now on, in place of the one that had this name."""
        written = metadata if isinstance(metadata, bytes) else metadata.encode("utf-8")
        (self.place / "trusted" / f"{name}.xml").write_bytes(written)

    def switch(self, **settings: Any) -> None:
        """Change its settings (with `_` for `.`), all others being as they were at the beginning."""
        (self.place / "switches.json").write_text(
            json.dumps({k.replace("_", "."): v for k, v in settings.items()})
        )


@contextmanager
def simplesaml(place: Path) -> Iterator[Simplesaml]:
    """Run one in a folder until the block ends."""
    need_simplesaml()
    for name in ("cert", "sessions", "tmp", "trusted", "pages"):
        (place / name).mkdir()
    (place / "pages" / "simplesamlphp").symlink_to(_PAGES)
    files = ["-keyout", str(place / "cert/idp.key"), "-out", str(place / "cert/idp.crt")]
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "60",
        "-subj",
        "/CN=idp.example.edu",
    ]
    subprocess.run([*words, *files], check=True, capture_output=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}/simplesamlphp/"
    told = {
        "SSP_RUN": str(place),
        "SSP_USERS": str(HERE / "users.json"),
        "SSP_ENTITY_ID": ENTITY_ID,
        "SSP_BASE": url,
        "SIMPLESAMLPHP_CONFIG_DIR": str(HERE),
        "PHP_CLI_SERVER_WORKERS": "3",
    }
    quiet = ["-d", "display_errors=0", "-d", "error_reporting=8191", "-d", "variables_order=EGPCS"]
    served = ["php", *quiet, "-S", f"127.0.0.1:{port}", "-t", str(place / "pages")]
    with (place / "php.log").open("wb") as log:
        process = subprocess.Popen(
            served, env=os.environ | told, stdout=log, stderr=log, start_new_session=True
        )
        try:
            running = Simplesaml(url, place, process)
            _wait_for(running)
            yield running
        finally:
            os.killpg(process.pid, 9)
            process.wait(10)


def _wait_for(running: Simplesaml) -> None:
    for _ in range(200):
        if running.process.poll() is not None:
            break
        try:
            running.metadata()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("simplesamlphp did not start; its logs are in its folder")


@dataclass(frozen=True, slots=True)
class Arrived:
    """What the identity provider sent the browser back with."""

    url: str
    method: str
    fields: dict[str, str]


def walk(browser: httpx.Client, answer: httpx.Response, ours: str, person: str = "") -> Arrived:
    """Go where the pages lead, signing in as a person where they ask, until they lead to an address below `ours`."""
    for _ in range(20):
        if answer.is_redirect and answer.next_request is not None:
            target = str(answer.next_request.url)
            if target.startswith(ours):
                return Arrived(target, "GET", dict(parse_qsl(urlsplit(target).query, keep_blank_values=True)))
            answer = browser.get(target)
            continue
        action, fields = form_in(answer.text)
        target = urljoin(str(answer.url), action)
        if action and target.startswith(ours):
            return Arrived(target, "POST", fields)
        if 'name="password"' in answer.text and person:
            fields |= {"username": person, "password": f"{person}-pw"}
            person = ""
        elif not action or "SAMLRequest" not in fields:
            break
        answer = browser.post(target, data=fields)
    raise AssertionError(f"{answer.status_code}: {re.sub('<[^>]+>', ' ', answer.text)[-800:]}")


def form_in(page: str) -> tuple[str, dict[str, str]]:
    """The first form of a page: its action, and the fields with their values."""
    action = re.search(r'<form[^>]*action="([^"]*)"', page)
    fields = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)
    return unescape(action[1]) if action else "", {unescape(name): unescape(value) for name, value in fields}
