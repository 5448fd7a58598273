"""Each scenario text is compiled once, however many lists live by it (row 9)."""

from __future__ import annotations

from collections import OrderedDict

from scenarios.errors import MalformedScenario
from scenarios.grammar import hash_of, parse_scenario
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
    if isinstance(outcome, MalformedScenario):
        raise MalformedScenario(outcome.reason, line=outcome.line, column=outcome.column)
    return outcome


def _outcome(text: str, operation: str, name: str) -> Scenario | MalformedScenario:
    try:
        return parse_scenario(text, operation=operation, name=name)
    except MalformedScenario as malformed:
        return malformed.with_traceback(None)
