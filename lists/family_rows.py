"""The data that lists of a family are made of: rows of a CSV file, or a YAML list, each with the line where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from identity.refusal import Invalid
from lists.csv_cells import BadRow, cells_of

LONGEST_FILE = 64 * 1024 * 1024
NAME = "name"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST_SHOWN = 80


class BadFamilyData(Invalid):
    """The data are CSV with a header (name, then the parameters), or a YAML list of entries with name and parameters."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One list to be: `line` counts from 1, the header included; without a `name` the family's address gives it."""

    line: int
    name: str | None
    parameters: dict[str, str]


def entries_of(text: str, *, is_yaml: bool) -> Iterator[Entry | BadRow]:
    """The entries of a data file, good and bad ones; raises BadFamilyData for what is no such file."""
    if len(text) > LONGEST_FILE:
        raise BadFamilyData("The data have at most 64 MB.")
    return _of_yaml(text) if is_yaml else _of_csv(text)


def _of_csv(text: str) -> Iterator[Entry | BadRow]:
    header: list[str] | None = None
    for each in cells_of(text):
        if isinstance(each, BadRow):
            yield each
            continue
        line, cells = each
        if header is None:
            header = _header(cells)
        elif len(cells) != len(header):
            yield BadRow(line, "INVALID", f"This line has {len(cells)} cells; the header has {len(header)}.")
        else:
            yield _entry(line, dict(zip(header, (cell.strip() for cell in cells), strict=True)))


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    if len(set(names)) < len(names) or not all(names):
        raise BadFamilyData("The first line names the columns, each once: name, then the parameters.")
    return names


def _of_yaml(text: str) -> Iterator[Entry | BadRow]:
    try:
        # Only nodes are made, which know their lines, and never objects.
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as problem:
        raise BadFamilyData(f"This is not YAML: {problem}.") from problem
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        raise BadFamilyData
    for node in root.value:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            yield BadRow(line, "INVALID", "An entry has a name and parameters, each with its value.")
            continue
        pairs = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
        odd = [name for name, value in pairs.items() if not isinstance(value, yaml.ScalarNode)]
        if odd or len(pairs) < len(node.value):
            said = f"{odd[0][:_LONGEST_SHOWN]!r} takes one value." if odd else "Each parameter stands once."
            yield BadRow(line, "INVALID", said)
            continue
        yield _entry(line, {str(name).lower(): str(value.value).strip() for name, value in pairs.items()})


def _entry(line: int, values: dict[str, str]) -> Entry:
    name = values.pop(NAME, "") or None
    # An empty cell is a parameter that is left out.
    return Entry(line, name, {key: value for key, value in values.items() if value})
