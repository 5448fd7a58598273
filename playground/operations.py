"""The library of example operations: `operations/*.graphql`, each with its title, its story and its variables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "operations"


@dataclass(frozen=True, slots=True)
class Operation:
    """One example: `actor` is the address that should be signed in, or None when anybody may.

    `variables` may hold references that are resolved when the example is loaded; see `operations/README.md`.
    """

    name: str
    group: str
    title: str
    description: str
    actor: str | None
    query: str
    variables: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """What `/playground/operations.json` says about it; `actor` is called `as` there."""
        fields = asdict(self)
        return {"as": fields.pop("actor"), **fields}


def read_operations(folder: Path = FOLDER) -> list[Operation]:
    """All examples in the order of their file names.

    Raises ValueError naming the file when one has no title, group or actor.
    """
    return [_read(path) for path in sorted(folder.glob("*.graphql"))]


def _read(path: Path) -> Operation:
    lines = path.read_text(encoding="utf-8").splitlines()
    story = [line[1:].strip() for line in lines if line.startswith("#")]
    marks = dict(line.split(": ", 1) for line in story if line.startswith(("group: ", "as: ")))
    prose = [line for line in story if not line.startswith(("group: ", "as: "))]
    if not prose or marks.keys() != {"group", "as"}:
        raise ValueError(f"{path.name} needs a title, '# group: …' and '# as: …' in its first lines")
    variables = path.with_suffix(".variables.json")
    return Operation(
        name=path.stem,
        group=marks["group"],
        title=prose[0],
        description=" ".join(prose[1:]),
        actor=None if marks["as"] == "anybody" else marks["as"],
        query="\n".join(line for line in lines if not line.startswith("#")).strip() + "\n",
        variables=json.loads(variables.read_text(encoding="utf-8")) if variables.exists() else {},
    )
