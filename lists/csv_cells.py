"""The cells of a CSV file line by line, whichever of comma and semicolon its header uses; a line that cannot be read is told by its number."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that was left out, and why."""

    line: int
    code: str
    message: str


def cells_of(text: str) -> Iterator[tuple[int, list[str]] | BadRow]:
    """Each line's number with its cells, the header first, empty lines left out."""
    first, _, _ = text.lstrip("\r\n").partition("\n")
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as problem:
            yield BadRow(line, "INVALID", f"This line cannot be read: {problem}.")
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield line, cells
