"""The handbook for authors of a frontend is true: its commands, run in order against the demo, do what it says."""

import asyncio
import re
from pathlib import Path

from playground.demo import run_demo
from playground.demo_world import DOMAIN
from server.settings import Settings
from tests.databases import free_port
from tests.house.source import ROOT

PAGE = ROOT / "docs" / "handbook" / "frontend.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DEMO = "http://127.0.0.1:8025"


async def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, http_port=free_port(), lmtp_port=free_port(), mail_hostname=DOMAIN)
    stop = asyncio.Event()
    running = asyncio.create_task(run_demo(settings, stop))
    try:
        await _open(settings.http_port)
        told = await _told_by(settings.public_url)
    finally:
        stop.set()
        await running
    for expected in (
        '"user":null',
        '"fields":[{"name":"identifier","label":"Mail address","isSecret":false}',
        '"strength":"PASSWORD"',
        '"maskedDestination":"b•••@example.edu"',
        '"mainEmail":"bob@example.edu"},"authentication":{"strength":"CHALLENGED"',
        '"code":"FORBIDDEN"',
        '"mainEmail":"carol@example.edu"',
        '"code":"CHALLENGE_REQUIRED","path":null',
        '"address":"announce@lists.example.org"',
        '"address":"welcome@lists.example.org"',
        '"file":{"path":"/minutes.txt","size":"7"',
        "We met.",
        '"__typename":"PostHeld","verdict":"HOLD_FOR_MODERATOR"',
        '"kind":"ADDED","remaining":2,"item":{"author":"bob@example.edu","subject":"Tea"}',
    ):
        assert expected in told
    assert told.count('"errors"') == 1


async def _open(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


async def _told_by(url: str) -> str:
    script = "set -euo pipefail\n" + "\n".join(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    assert DEMO in script
    shell = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        script.replace(DEMO, url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        told, _ = await shell.communicate()
    assert shell.returncode == 0, told.decode()
    return told.decode()
