"""The texts that come with a question of `postroom scenario decide`: fragments, named filters, the blocklist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios.batch_context import text_of

# A text may say at which level it lies; the nearest speaks first.
_SEARCH_ORDER = ("list:", "domain:", "site:")


def files_of(world: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The texts of named filters by name, nearest first: the list's, the domain's, the site's."""
    found: dict[str, list[tuple[int, str]]] = {}
    for word in ("files", "filters", "search_filters"):
        given = world.get(word, top.get(word))
        for key, value in given.items() if isinstance(given, Mapping) else ():
            rank, name = _ranked(key)
            text = "\n".join(map(str, value)) if isinstance(value, list) else text_of(value, key)
            found.setdefault(name, []).append((rank, text))
    listed = world.get("blocklist", world.get("blacklist"))
    if isinstance(listed, Mapping):
        listed = listed.get("addresses")
    if isinstance(listed, list):
        found.setdefault("blocklist.txt", []).append((0, "\n".join(map(str, listed))))
    return {name: tuple(text for _, text in sorted(texts)) for name, texts in found.items()}


def _ranked(key: str) -> tuple[int, str]:
    for rank, prefix in enumerate(_SEARCH_ORDER):
        if key.startswith(prefix):
            return rank, key.removeprefix(prefix)
    return 1, key


def includes_of(world: Mapping[str, Any], top: Mapping[str, Any], operation: str) -> dict[str, str]:
    """The texts of `include.NAME` by name, the operation's header among them; raises BadQuestion."""
    found: dict[str, tuple[int, str]] = {}
    scenarios = top.get("scenarios")
    given = {**(scenarios if isinstance(scenarios, Mapping) else {})}
    given = {key: text for key, text in given.items() if _ranked(key)[1].startswith("include.")}
    includes = world.get("includes")
    given |= includes if isinstance(includes, Mapping) else {}
    for key, text in given.items():
        rank, name = _ranked(key)
        name = name.removeprefix("include.")
        if name not in found or rank < found[name][0]:
            found[name] = (rank, text_of(text, key))
    header = world.get("header", top.get("header"))
    if isinstance(header, str):
        found[f"{operation}.header"] = (0, header)
    return {name: text for name, (_, text) in found.items()}


def is_blocklisted(world: Mapping[str, Any], operation: str) -> bool:
    """Whether those on the blocklist are refused this operation."""
    listed = world.get("blocklist", world.get("blacklist"))
    if isinstance(listed, Mapping):
        operations = listed.get("operations")
        return operations is None or operation in operations
    named = world.get("blocklist_operations")
    if isinstance(named, list | str):
        return operation in ([named] if isinstance(named, str) else named)
    return bool(listed)


def scenario_of(top: Mapping[str, Any], operation: str, name: str) -> str | None:
    """The text of that name among the `scenarios` that came along, the nearest one; raises BadQuestion."""
    given = top.get("scenarios")
    found = [
        (_ranked(key)[0], text_of(text, key))
        for key, text in (given.items() if isinstance(given, Mapping) else ())
        if _ranked(key)[1] == f"{operation}.{name}"
    ]
    return min(found)[1] if found else None
