"""A worker reads what is due, and a provider that cannot be read keeps no other from it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.directory_syncs import sync_what_is_due
from storage import sync_runs
from storage.database import Database
from tests.identity.papers import Mill, paper_installed
from tests.identity.world import World, make_robot

FILE = """
[[provider]]
key = "{key}"
kind = "paper"
sync_every = "1h"
[provider.settings]
everybody = '{file}'
"""


@pytest.fixture
async def mill(sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mill]:
    with paper_installed(tmp_path / "site", monkeypatch):
        world = World(sqlite, await make_robot(sqlite, "a.example"))
        yield Mill(world, world.robot)


async def test_each_is_read_although_another_is_away_or_broken(mill: Mill, tmp_path: Path) -> None:
    file, away, broken = tmp_path / "people.jsonl", tmp_path / "away.jsonl", tmp_path / "broken.jsonl"
    file.write_text(json.dumps({"subject": "s-ann", "addresses": []}) + "\n")
    away.write_text('"away"\n')
    broken.write_text("not JSON\n")
    for domain, place in (("b.example", away), ("c.example", broken), ("d.example", file)):
        robot = await make_robot(mill.world.db, domain)
        await mill.set(FILE.format(key="mill", file=place), robot)
    await sync_what_is_due(mill.world.db)
    refs = [f"{domain}.example:mill" for domain in "bcd"]
    async with mill.world.db.read() as reader:
        runs = {each.source_ref: each for each in await sync_runs.find_many(reader, refs)}
    assert [runs[each].outcome for each in refs] == ["failed", "failed", "done"]
    assert [runs[each].detail for each in refs] == ["the mill burnt down", "JSONDecodeError", ""]
    assert runs["d.example:mill"].seen == 1
    # None of them is read again before its time.
    await sync_what_is_due(mill.world.db)
    async with mill.world.db.read() as reader:
        assert {each.source_ref: each for each in await sync_runs.find_many(reader, refs)} == runs
