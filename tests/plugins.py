"""An installed package that brings conditions, for as long as a test runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lists import filters


@contextmanager
def installed(
    place: Path, monkeypatch: pytest.MonkeyPatch, module: str, source: str, conditions: tuple[str, ...]
) -> Iterator[None]:
    """Let `module`, made of `source` in a folder, bring these functions as `CustomCondition`s until the block ends."""
    (place / f"{module}.py").write_text(source)
    described = place / f"{module}-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    points = "".join(f"{each} = {module}:{each}\n" for each in conditions)
    (described / "entry_points.txt").write_text(f"[postroom.conditions]\n{points}")
    monkeypatch.syspath_prepend(str(place))
    filters._ANSWERS.clear()
    yield
    filters._ANSWERS.clear()
    sys.modules.pop(module, None)
    filters._condition.cache_clear()
