"""`postroom scenario check`: read scenario files and say, with line and column, what is wrong or strange in them."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.file_names import FRAGMENT, FileName, read_file_name
from scenarios.lint import findings
from server.commands.answers import AsJson, tell
from server.commands.scenario_files import NoScenarios, files_below, given_text, read_text

_OFTEN = 500


def check(
    place: Annotated[
        str, typer.Argument(help="A file named OPERATION.NAME, a folder of them, or - for standard input.")
    ],
    operation: Annotated[
        str, typer.Option(help="What the text governs, for standard input or a file of another name.")
    ] = "",
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Leave with 1 for warnings, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read scenario files and tell errors, warnings and notes; leaves with 1 when there is an error."""
    found: list[dict[str, Any]] = []
    checked = 0
    for path, name, text, includes in _texts(place, operation):
        checked += 1
        found += [
            {"file": path, **asdict(each)}
            for each in findings(text, name.operation, name.name, includes=includes)
        ]
        if checked % _OFTEN == 0 and sys.stderr.isatty():
            sys.stderr.write(f"{checked} files read\n")
    if not checked:
        raise NoScenarios
    refused = {"error", "warning"} if strict else {"error"}
    problems = [each for each in found if each["level"] in refused]
    value = {"checked": checked, "problems": problems, "findings": found}
    tell(value, _in_words(found, checked), as_json=as_json)
    if problems:
        raise typer.Exit(1)


def _texts(place: str, operation: str) -> Iterator[tuple[str, FileName, str, Mapping[str, str] | None]]:
    """Path, name, text, and the fragments that lie beside it (None where nobody knows them)."""
    if place == "-" or Path(place).is_file():
        name = read_file_name(Path(place).name)
        if operation:
            name = FileName("scenario", operation, name.name if place != "-" else "stdin")
        elif name.kind not in {"scenario", "include"}:
            raise NoScenarios("Say with --operation what the text governs, such as --operation send.")
        beside = None if place == "-" else _fragments(Path(place).absolute().parent)
        yield place, name, given_text(place), beside
        return
    if not Path(place).is_dir():
        raise NoScenarios
    folders: dict[Path, Mapping[str, str]] = {}
    for path in files_below(Path(place)):
        name = read_file_name(path.name)
        if name.kind in {"scenario", "include"}:
            if path.parent not in folders:
                folders[path.parent] = {**_fragments(Path(place)), **_fragments(path.parent)}
            yield str(path), name, read_text(path)[0], folders[path.parent]


def _fragments(folder: Path) -> dict[str, str]:
    return {
        name: read_text(path)[0]
        for path in sorted(folder.glob(f"{FRAGMENT}.*"))
        if path.is_file() and (name := read_file_name(path.name).name)
    }


def _in_words(found: list[dict[str, Any]], checked: int) -> str:
    lines = [
        f"{each['file']}:{each['line']}:{each['column']}: {each['level']}: {each['sentence']} [{each['code']}]"
        for each in found
    ]
    count = Counter(each["level"] for each in found)
    told = ", ".join(f"{count[level]} {level}s" for level in ("error", "warning", "note") if count[level])
    return "\n".join([*lines, f"{checked} read: {told or 'nothing to say'}."])
