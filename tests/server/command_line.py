"""The command line in this process: a command's JSON, or how it refused."""

import json
import logging
from collections.abc import Callable, Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
import structlog

from server.cli import main
from server.logging import TALKATIVE

STAFF = "staff@lists.example.org"
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command in a directory of its own: its JSON, or with `fails` its exit code and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POSTROOM_DATA_DIR", str(tmp_path / "var"))
    handlers = logging.getLogger().handlers[:]
    levels = {name: logging.getLogger(name).level for name in ("", *TALKATIVE)}

    def command(*words: str, given: str = "", fails: int = 0, plain: bool = False) -> Any:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(given.encode())))
        with pytest.raises(SystemExit) as left:
            main([*words] if plain else [*words, "--json"])
        said = capsys.readouterr()
        assert left.value.code == fails, said.err
        if fails:
            return said.err or said.out
        return said.out if plain else json.loads(said.out)

    yield command
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def lists(run: Run) -> Run:
    """The same with a robot and a list."""
    run("robot", "create", "lists.example.org")
    run(
        "list",
        "create",
        STAFF,
        "--subject",
        "The staff",
        "--owner",
        "carol@example.edu",
        "--set",
        "send=private",
    )
    return run
