"""Named filters that ask a database or a directory: read from their files, with every value bound or escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Values = Callable[[str], str]

_SETTING = re.compile(r"\s*(\w+)\s+(\S.*?)\s*\Z")
_HEADING = re.compile(r"\s*\w+\s*\Z")
_VARIABLE = re.compile(r"\[([\w.\-]+(?:->[\w.\-]+)?)\]")
_QUOTED_VARIABLE = re.compile(r"(['\"])(\[[\w.\-]+(?:->[\w.\-]+)?\])\1")
# RFC 4515, section 3: what has a meaning in a filter; the rest stands for itself.
_SPECIAL = re.compile(r"[\\*()]")
_SCOPES = frozenset({"base", "one", "sub"})
_COMMENTS = ("#", ";")


class BadFilter(Exception):
    """The file of a named filter does not say what to ask; it needs the settings that its kind is made of."""

    code = "SCENARIO_FILTER"


@dataclass(frozen=True, slots=True)
class SqlQuestion:
    """One statement for another database: `:p0`, `:p1`, … in `statement` stand for the `parameters` in order.

    A colon of the statement's own has a backslash before it, as SQLAlchemy's `text` reads it. The answer is yes when the first column of its first row is neither empty nor zero (requirement 4.7).
    """

    name: str
    connection: Mapping[str, str]
    statement: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DirectoryQuestion:
    """One search in a directory: yes when it finds an entry. Values in `filter` are escaped (RFC 4515)."""

    name: str
    settings: Mapping[str, str]
    suffix: str
    filter: str
    scope: str


def sql_question(name: str, text: str, value_of: Values) -> SqlQuestion:
    """Read a `.sql` filter and bind its variables.

    `value_of` gives the value of what stands between brackets, such as `sender` or `user->email`. Raises BadFilter,
    and whatever `value_of` raises.
    """
    settings = _settings(name, text)
    statement = settings.pop("statement", "")
    if not statement:
        raise BadFilter(f"{name} has no statement")
    if not settings.get("db_type") or not settings.get("db_name"):
        raise BadFilter(f"{name} names no database: db_type and db_name are needed")
    parameters: list[str] = []

    def bound(match: re.Match[str]) -> str:
        parameters.append(value_of(match[1]))
        return f":p{len(parameters) - 1}"

    # A variable is bound as a whole, so the quotes that older files put around it would make it a constant.
    unquoted = _QUOTED_VARIABLE.sub(r"\2", statement).replace(":", "\\:")
    return SqlQuestion(name, settings, _VARIABLE.sub(bound, unquoted), tuple(parameters))


def directory_question(name: str, text: str, value_of: Values) -> DirectoryQuestion:
    """Read an `.ldap` filter and put its variables in, escaped (pitfall 36); `value_of` as for `sql_question`.

    Raises BadFilter, and whatever `value_of` raises.
    """
    settings = _settings(name, text)
    written, suffix = settings.pop("filter", ""), settings.pop("suffix", "")
    scope = settings.pop("scope", "sub").lower()
    if not settings.get("host") or not suffix or not written:
        raise BadFilter(f"{name} needs a host, a suffix and a filter")
    if scope not in _SCOPES:
        raise BadFilter(f"{name} has the scope {scope!r}; it is base, one or sub")
    asked = _VARIABLE.sub(lambda match: escaped(value_of(match[1])), written)
    return DirectoryQuestion(name, settings, suffix, asked if asked.startswith("(") else f"({asked})", scope)


def escaped(value: str) -> str:
    """A value as it may stand in a filter (RFC 4515, section 3); raises BadFilter for one with a NUL.

    A NUL can be escaped, but servers are known to find the shorter text that stands before it.
    """
    if "\0" in value:
        raise BadFilter("a value with a NUL cannot be asked for")
    return _SPECIAL.sub(lambda match: f"\\{ord(match[0]):02x}", value)


def _settings(name: str, text: str) -> dict[str, str]:
    """The lines `word value` of a filter file; headings, comments and blank lines say nothing."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith(_COMMENTS) or not line.strip() or _HEADING.match(line):
            continue
        match = _SETTING.match(line)
        if match is None or match[1].lower() in found:
            raise BadFilter(f"line {number} of {name} is not `setting value`, or is there twice")
        found[match[1].lower()] = match[2]
    return found
