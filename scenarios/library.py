"""The policies that come with the program, by operation and name; a list or robot may bring its own instead."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

from scenarios.dialect import Dialect
from scenarios.operations import canonical_operation
from scenarios.parameterised import BadParameters, is_parameterised, parameterised_text

_ALL_ADDRESSES = "[user->email]"
_PRESENTED_ADDRESS = "[sender]"
_NONE_OF_THEM = re.compile(r"\bnone\((\w+\([^()]*\))\)")


@functools.cache
def _shipped(*folders: str) -> Mapping[tuple[str, str], str]:
    texts = {}
    for file in resources.files("scenarios").joinpath("library", *folders).iterdir():
        operation, dot, name = file.name.partition(".")
        if dot and operation and name:
            texts[operation, name] = file.read_text(encoding="utf-8")
    return MappingProxyType(texts)


@functools.lru_cache(maxsize=4096)
def shipped_text(operation: str, name: str, *, dialect: Dialect = Dialect.POSTROOM) -> str | None:
    """The text of `<operation>.<name>`, or None if none is shipped under that name.

    `name` may be a form with parameters such as `domains(univ.example)`; None if its parameters are wrong. In the Sympa
    dialect the shipped texts ask about the presented address alone, as Sympa's own do, line by line the same; where
    Sympa decides what we would not, it has a text of its own in `library/sympa/`.
    """
    operation = canonical_operation(operation)
    if is_parameterised(name):
        text = _parameterised(operation, name)
    elif dialect is Dialect.SYMPA and (operation, name) in _shipped("sympa"):
        return _shipped("sympa")[operation, name]
    else:
        text = _shipped().get((operation, name))
    return text if text is None or dialect is Dialect.POSTROOM else _for_one_address(text)


def _parameterised(operation: str, name: str) -> str | None:
    try:
        return parameterised_text(operation, name)
    except BadParameters:
        return None


def _for_one_address(text: str) -> str:
    return _NONE_OF_THEM.sub(r"!\1", text).replace(_ALL_ADDRESSES, _PRESENTED_ADDRESS)


def shipped_names(operation: str) -> list[str]:
    """The names shipped for an operation, in alphabetical order."""
    wanted = canonical_operation(operation)
    return sorted(name for operation, name in _shipped() if operation == wanted)


def is_name(operation: str, name: str) -> bool:
    """Whether a text is shipped under that name, or the name is a form with sound parameters."""
    return shipped_text(operation, name) is not None
