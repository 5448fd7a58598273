"""Scenario files as they lie in folders: found, named, and read whatever their encoding."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from identity.refusal import NotFound
from scenarios.file_names import FileName, read_file_name
from scenarios.grammar import LONGEST_TEXT

# More octets than the longest text can have, so that one that was cut off here is too long and never half of it.
LARGEST = 4 * LONGEST_TEXT + 1


class NoScenarios(NotFound):
    """There are no files named OPERATION.NAME here."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a tree; `is_latin` tells that it is not UTF-8 and was read as ISO 8859-1, as its time had it."""

    path: str
    name: FileName
    text: str
    is_latin: bool = False


def read_text(path: Path) -> tuple[str, bool]:
    """A file's text, as far as a scenario can be long, and whether it had to be read as ISO 8859-1."""
    with path.open("rb") as file:
        return decoded(file.read(LARGEST))


def decoded(raw: bytes) -> tuple[str, bool]:
    """Octets as text and whether they had to be read as ISO 8859-1."""
    try:
        return raw.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        return raw.decode("iso-8859-1"), True


def files_below(place: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, by name; links to folders are not followed."""
    for entry in sorted(place.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            yield from files_below(entry)
        elif entry.is_file():
            yield entry


def read_file(path: Path) -> File:
    """One file; of one that is none of ours only the name is read."""
    name = read_file_name(path.name)
    text, is_latin = ("", False) if name.kind in {"unknown", "ignore"} else read_text(path)
    return File(str(path), name, text, is_latin)


def given_text(file: str) -> str:
    """The text of a file, or of stdin for `-`; raises NoScenarios."""
    if file == "-":
        return decoded(sys.stdin.buffer.read(LARGEST))[0]
    if not Path(file).is_file():
        raise NoScenarios(f"There is no file {file}.")
    return read_text(Path(file))[0]
