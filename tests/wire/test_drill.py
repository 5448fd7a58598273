"""The drill in short: workers die by SIGKILL, Redis is emptied, and nobody is skipped; on both databases."""

from pathlib import Path

import pytest

from bench._world import sqlite_url
from scripts.drill import drill
from tests.databases import drop_postgresql, new_postgresql


@pytest.mark.parametrize("mode", ["grouped", "each"])
async def test_killed_workers_skip_nobody_on_sqlite(tmp_path: Path, mode: str) -> None:
    outcome = await drill("sqlite", sqlite_url(tmp_path), tmp_path, mode, recipients=1_500, kills=2)
    assert outcome.passed, outcome
    assert outcome.kills == 2


async def test_killed_workers_skip_nobody_on_postgresql(tmp_path: Path, postgresql: str) -> None:
    url = await new_postgresql(postgresql)
    outcome = await drill("postgresql", url, tmp_path, "each", recipients=1_500, kills=2)
    await drop_postgresql(postgresql, url)
    assert outcome.passed, outcome
    assert outcome.kills == 2
