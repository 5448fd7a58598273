"""What the name of a scenario file says: the operation, the policy's name, and whether it is a fragment or a filter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from scenarios.operations import OPERATIONS, canonical_operation

Kind = Literal["scenario", "include", "filter", "ignore", "unknown"]
FRAGMENT, FILTER = "include", "search"

_NAME = re.compile(r"[\w.\-]+\Z")
_IGNORE = ":ignore"
_FILTER_ENDS = (".txt", ".sql", ".ldap")
# Names of operations with a dot of their own, which older trees still carry, longest first.
_DOTTED = (
    "shared_doc.d_read",
    "shared_doc.d_edit",
    "archive.mail_access",
    "archive.web_access",
    "web_archive.access",
    "archive.access",
    "tracking.tracking",
)
# What an editor or a package manager leaves behind.
_LEFTOVERS = re.compile(r".*(?:~|\.(?:bak|orig|old|rej|swp|tmp|dpkg-\w+|rpm\w+|pl|pm|tt2|md|html))\Z")


@dataclass(frozen=True, slots=True)
class FileName:
    """A file's place in a `scenari` tree: `operation` is today's name, `include` or `search`."""

    kind: Kind
    operation: str
    name: str


def read_file_name(written: str) -> FileName:
    """What a file of this name holds (requirement 4.1)."""
    if written.endswith(_IGNORE):
        operation, name = _split(written.removesuffix(_IGNORE))
        return FileName("ignore", canonical_operation(operation), name)
    operation, name = _split(written)
    if not name or not _NAME.match(written) or written.startswith("."):
        return FileName("unknown", "", written)
    if operation == FRAGMENT:
        return FileName("include", FRAGMENT, name)
    today = canonical_operation(operation)
    if today in OPERATIONS and not _LEFTOVERS.match(name):
        return FileName("scenario", today, name)
    if written.endswith(_FILTER_ENDS):
        return FileName("filter", FILTER, written)
    return FileName("unknown", "", written)


def _split(written: str) -> tuple[str, str]:
    for operation in _DOTTED:
        if written.startswith(operation + "."):
            return operation, written[len(operation) + 1 :]
    operation, _, name = written.partition(".")
    return operation, name
