"""`postroom scenario check`: read scenario files and say, with line and column, what is wrong in them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from identity.refusal import NotFound
from scenarios.errors import MalformedScenario
from scenarios.grammar import parse_scenario
from scenarios.operations import OPERATIONS, canonical_operation
from server.commands.answers import AsJson, tell


class NoScenarios(NotFound):
    """There are no files named OPERATION.NAME here."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Policies as text.")
    subject.callback()(_scenarios)
    subject.command("check")(check)
    app.add_typer(subject, name="scenario")


def _scenarios() -> None:
    """Policies as text."""


def check(
    place: Annotated[Path, typer.Argument(help="A file named OPERATION.NAME, or a folder of them.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Read scenario files; leaves with 1 when one of them is malformed."""
    files = list(_files(place))
    if not files:
        raise NoScenarios
    found = [problem for path in files for problem in _problems(path)]
    lines = [f"{one['file']}:{one['line']}:{one['column']}: {one['reason']}" for one in found]
    text = "\n".join(lines) or f"{len(files)} scenarios are well formed."
    tell({"checked": len(files), "problems": found}, text, as_json=as_json)
    if found:
        raise typer.Exit(1)


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    elif place.is_dir():
        yield from (
            path
            for path in sorted(place.iterdir())
            if path.is_file() and canonical_operation(path.name.partition(".")[0]) in OPERATIONS
        )


def _problems(path: Path) -> Iterator[dict[str, Any]]:
    operation, _, name = path.name.partition(".")
    try:
        parse_scenario(path.read_text(encoding="utf-8"), operation=operation, name=name or path.stem)
    except MalformedScenario as wrong:
        yield {"file": str(path), "line": wrong.line, "column": wrong.column, "reason": wrong.reason}
    except UnicodeDecodeError as wrong:
        line = path.read_bytes()[: wrong.start].count(b"\n") + 1
        yield {"file": str(path), "line": line, "column": 1, "reason": "This is not UTF-8."}
