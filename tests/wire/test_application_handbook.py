"""The handbook's example of an application is true: its code, as it stands, speaks for somebody at a real server."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from joserfc.jwk import OKPKey

from playground.demo import run_demo
from playground.demo_world import DOMAIN
from server.settings import Settings
from tests.databases import free_port
from tests.house.source import ROOT
from tests.wire.test_frontend_handbook import PAGE, _open

EXAMPLE = re.compile(r"^```python\n(import json, sys.*?)^```$", re.MULTILINE | re.DOTALL)


async def ran(*words: str, folder: Path, **environment: str) -> str:
    """What a program said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    return told.decode()


async def test_the_example_of_the_page_speaks_for_its_user(tmp_path: Path) -> None:
    key = OKPKey.generate_key("Ed25519")
    (tmp_path / "portal.private.jwk").write_text(json.dumps(key.as_dict(private=True)))
    (tmp_path / "portal.jwk").write_text(json.dumps(key.as_dict(private=False)))
    found = EXAMPLE.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    (tmp_path / "portal.py").write_text(found[1])
    settings = Settings(data_dir=tmp_path, http_port=free_port(), lmtp_port=free_port(), mail_hostname=DOMAIN)
    stop = asyncio.Event()
    running = asyncio.create_task(run_demo(settings, stop))
    try:
        await _open(settings.http_port)
        command = (
            "-c", "from server.cli import main; main()", "application", "register", DOMAIN, "Course portal", "--key", "portal.jwk",
            "--assert", "DEPT", "--domain", "example.edu", "--json",
        )  # fmt: skip
        place = {"POSTROOM_DATA_DIR": str(tmp_path), "POSTROOM_DATABASE_URL": settings.database_url}
        made = json.loads(await ran(*command, folder=tmp_path, **place))
        told = await ran(
            "portal.py", settings.public_url, made["client_id"], "alice@example.edu", folder=tmp_path
        )
    finally:
        stop.set()
        await running
    assert "'mainEmail': 'alice@example.edu'" in told
    assert "'actingApplication': {'name': 'Course portal'}" in told
    assert "{'name': 'DEPT', 'values': ['math']}" in told
