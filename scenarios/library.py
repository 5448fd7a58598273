"""The policies that come with the program, by operation and name; a list or robot may bring its own instead."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

from scenarios.operations import canonical_operation


@functools.cache
def _shipped() -> Mapping[tuple[str, str], str]:
    texts = {}
    for file in (resources.files("scenarios") / "library").iterdir():
        operation, dot, name = file.name.partition(".")
        if dot and operation and name:
            texts[operation, name] = file.read_text(encoding="utf-8")
    return MappingProxyType(texts)


def shipped_text(operation: str, name: str) -> str | None:
    """The text of `<operation>.<name>`, or None if none is shipped under that name."""
    return _shipped().get((canonical_operation(operation), name))


def shipped_names(operation: str) -> list[str]:
    """The names shipped for an operation, in alphabetical order."""
    wanted = canonical_operation(operation)
    return sorted(name for operation, name in _shipped() if operation == wanted)
