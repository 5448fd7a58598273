"""Each scenario text is compiled once, however many lists live by it (row 9)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from scenarios.assemble import assemble
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.grammar import parse_scenario
from scenarios.hashes import hash_of
from scenarios.syntax import Scenario

CAPACITY = 4096

_Key = tuple[str, str, str]


class _Shelf:
    """The compiled texts, most recently used last; a malformed text keeps its complaint."""

    def __init__(self) -> None:
        self.held: OrderedDict[_Key, Scenario | MalformedScenario] = OrderedDict()
        self.compilations = 0

    def get(self, key: _Key) -> Scenario | MalformedScenario | None:
        outcome = self.held.get(key)
        if outcome is not None:
            self.held.move_to_end(key)
        return outcome

    def put(self, key: _Key, outcome: Scenario | MalformedScenario) -> None:
        self.held[key] = outcome
        self.compilations += 1
        while len(self.held) > CAPACITY:
            self.held.popitem(last=False)


_SHELF = _Shelf()


def compile_count() -> int:
    """How many texts this process has compiled, for the metric."""
    return _SHELF.compilations


def compiled(text: str, *, operation: str, name: str) -> Scenario:
    """The scenario of a text, shared by everybody who brings the same text; raises MalformedScenario.

    The key is the content, not the name: a list's own version of a name never reaches other lists.
    """
    key = (operation, name, hash_of(text))
    outcome = _SHELF.get(key)
    if outcome is None:
        outcome = _outcome(text, operation, name)
        _SHELF.put(key, outcome)
    return _given(outcome)


def _given(outcome: Scenario | MalformedScenario) -> Scenario:
    if isinstance(outcome, MalformedScenario):
        raise MalformedScenario(
            outcome.reason,
            line=outcome.line,
            column=outcome.column,
            source=outcome.source,
            verdict=outcome.verdict,
        )
    return outcome


def assembled(
    text: str,
    *,
    operation: str,
    name: str,
    includes: Mapping[str, str],
    blocklist: bool = False,
    dialect: Dialect = Dialect.POSTROOM,
) -> Scenario:
    """The scenario put together with its includes, shared by everybody who brings the same texts.

    `includes` are the texts of `include.<name>` by name, `<operation>.header` among them. Raises MalformedScenario.
    """
    whole = "\0".join((text, *(part for pair in sorted(includes.items()) for part in pair)))
    key = (f"{dialect}:{operation}:{blocklist}", name, hash_of(whole))
    outcome = _SHELF.get(key)
    if outcome is None:
        outcome = _assembly(text, operation, name, includes, blocklist, dialect)
        _SHELF.put(key, outcome)
    return _given(outcome)


def _assembly(
    text: str, operation: str, name: str, includes: Mapping[str, str], blocklist: bool, dialect: Dialect
) -> Scenario | MalformedScenario:
    try:
        return assemble(
            text, operation=operation, name=name, include=includes.get, blocklist=blocklist, dialect=dialect
        )
    except MalformedScenario as malformed:
        return malformed.with_traceback(None)


def _outcome(text: str, operation: str, name: str) -> Scenario | MalformedScenario:
    try:
        return parse_scenario(text, operation=operation, name=name)
    except MalformedScenario as malformed:
        return malformed.with_traceback(None)
