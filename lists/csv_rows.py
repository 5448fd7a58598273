"""The rows of a members file: its encoding, its separator, its header if it has one, and what is wrong in which line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from identity.people import clean_name
from identity.refusal import Invalid, Refused
from lists.csv_cells import BadRow, cells_of
from lists.joining import Wishes, checked_attributes
from lists.settings import switch
from mail.address import Address, parse_address
from mail.errors import BadAddress
from storage.tables.words import Reception, Visibility

# What a spreadsheet takes for the beginning of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_ESCAPED = ("'", *FORMULA_STARTS)
_ATTRIBUTE = "attribute."
_SKIPS = "skips_addressed_copies"
_COLUMNS = ("email", "display_name", "reception", "visibility", _SKIPS)
# What other programs call them, and what stands in a file that names no columns.
_ALSO_CALLED = {"address": "email", "mail": "email", "name": "display_name", "gecos": "display_name"}
_UNNAMED = ["email", "display_name"]


_Word = TypeVar("_Word", Reception, Visibility)


class BadHeader(Invalid):
    """The first line names the columns: email, then perhaps display_name, reception, visibility, skips_addressed_copies, attribute.NAME."""


@dataclass(frozen=True, slots=True)
class Row:
    """One good line: `line` counts from 1, the header included."""

    line: int
    address: Address
    wishes: Wishes


class _BadValue(Exception):
    """A value of a row is not acceptable."""


def decoded(raw: bytes) -> str:
    """A file's text: UTF-8 with or without its mark; where that fails, the whole file is Latin-1."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def rows_of(text: str) -> Iterator[Row | BadRow]:
    """The lines of a members file after its header, good and bad ones, empty ones left out.

    The separator is the comma or the semicolon, whichever the first line uses. A file that begins with an address
    has no header. Raises BadHeader at the first step.
    """
    header: list[str] | None = None
    for each in cells_of(text):
        if isinstance(each, BadRow):
            yield each
        elif header is None:
            header = _UNNAMED if _is_unnamed(each[1]) else _header(each[1])
            if header is _UNNAMED:
                yield _row(each[0], header, each[1])
        else:
            yield _row(each[0], header, each[1])
    if header is None:
        raise BadHeader("The file is empty.")


def escaped(value: str) -> str:
    """A value that no spreadsheet takes for a formula; `unescaped` gives it back."""
    return f"'{value}" if value.startswith(_ESCAPED) else value


def unescaped(value: str) -> str:
    """A value as it was before `escaped`."""
    return value[1:] if value.startswith("'") and value[1:].startswith(_ESCAPED) else value


def _is_unnamed(cells: list[str]) -> bool:
    return "@" in cells[0] and len(cells) <= len(_UNNAMED)


def _header(cells: list[str]) -> list[str]:
    names = [_column(cell.strip()) for cell in cells]
    if "email" not in names:
        raise BadHeader
    if len(set(names)) != len(names):
        raise BadHeader("The first line names a column twice.")
    return names


def _column(name: str) -> str:
    if name.lower().startswith(_ATTRIBUTE) and len(name) > len(_ATTRIBUTE):
        return _ATTRIBUTE + name[len(_ATTRIBUTE) :]
    known = _ALSO_CALLED.get(name.lower(), name.lower())
    if known not in _COLUMNS:
        raise BadHeader(
            f"The first line names the columns, and there is no {name[:60]!r} among them: they are email, display_name, "
            f"reception, visibility, {_SKIPS} and attribute.NAME."
        )
    return known


def _row(line: int, header: list[str], cells: list[str]) -> Row | BadRow:
    if len(cells) > len(header) and any(cells[len(header) :]):
        return BadRow(line, "INVALID", "This line has more values than the first line has columns.")
    values = dict(zip(header, (unescaped(cell.strip()) for cell in cells), strict=False))
    if not values.get("email"):
        return BadRow(line, "REQUIRED", "The address is missing.")
    try:
        return Row(line, parse_address(values["email"]), _wishes(values))
    except (BadAddress, _BadValue) as problem:
        return BadRow(line, "INVALID", str(problem))
    except Refused as refusal:
        return BadRow(line, refusal.code, refusal.message)


def _wishes(values: dict[str, str]) -> Wishes:
    attributes = {
        name[len(_ATTRIBUTE) :]: value
        for name, value in values.items()
        if value and name.startswith(_ATTRIBUTE)
    }
    return Wishes(
        reception=_word(Reception, values.get("reception", ""), Reception.MAIL),
        visibility=_word(Visibility, values.get("visibility", ""), Visibility.NOCONCEAL),
        display_name=clean_name(values.get("display_name", "")),
        attributes=checked_attributes(attributes) if attributes else {},
        skips_addressed_copies=_skips(values.get(_SKIPS, "")),
    )


def _skips(text: str) -> bool | None:
    """What stands in that column; nothing leaves it to the member's account."""
    try:
        return switch(text) if text else None
    except ValueError as problem:
        raise _BadValue(f"{text[:40]!r} is none of true, false.") from problem


def _word(kind: type[_Word], text: str, default: _Word) -> _Word:
    if not text:
        return default
    try:
        return kind(text.lower())
    except ValueError as problem:
        raise _BadValue(f"{text[:40]!r} is none of {', '.join(each.value for each in kind)}.") from problem
