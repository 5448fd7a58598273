"""Each scenario text is compiled once, however many lists live by it (row 9)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from scenarios.assemble import assemble
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.grammar import parse_scenario
from scenarios.hashes import hash_of
from scenarios.syntax import Scenario

# In characters of the texts; what they are compiled to takes some twenty times as many bytes.
CAPACITY = 16 * 1024 * 1024
# A compiled scenario of one line is worth this many characters.
LEAST_WEIGHT = 512

_Key = tuple[str, str, str]
_Outcome = Scenario | MalformedScenario


class _Shelf:
    """The compiled texts, most recently used last; a malformed text keeps its complaint."""

    def __init__(self) -> None:
        self.held: OrderedDict[_Key, tuple[_Outcome, int]] = OrderedDict()
        self.weight = 0
        self.compilations = 0

    def get(self, key: _Key) -> _Outcome | None:
        found = self.held.get(key)
        if found is None:
            return None
        self.held.move_to_end(key)
        return found[0]

    def put(self, key: _Key, outcome: _Outcome, characters: int) -> None:
        weight = LEAST_WEIGHT + characters
        self.held[key] = outcome, weight
        self.weight += weight
        self.compilations += 1
        while self.weight > CAPACITY and len(self.held) > 1:
            self.weight -= self.held.popitem(last=False)[1][1]


_SHELF = _Shelf()


def compile_count() -> int:
    """How many texts this process has compiled, for the metric."""
    return _SHELF.compilations


def compiled(text: str, *, operation: str, name: str) -> Scenario:
    """The scenario of a text, shared by everybody who brings the same text; raises MalformedScenario.

    The key is the content, not the name: a list's own version of a name never reaches other lists.
    """
    key = (operation, name, hash_of(text))
    return _shared(key, len(text), lambda: parse_scenario(text, operation=operation, name=name))


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
    parts = [text, *(part for pair in sorted(includes.items()) for part in pair)]
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return _shared(
        (f"{dialect}:{operation}:{blocklist}", name, hash_of(whole)),
        len(whole),
        lambda: assemble(
            text, operation=operation, name=name, include=includes.get, blocklist=blocklist, dialect=dialect
        ),
    )


def _shared(key: _Key, characters: int, make: Callable[[], Scenario]) -> Scenario:
    outcome = _SHELF.get(key)
    if outcome is None:
        outcome = _outcome(make)
        _SHELF.put(key, outcome, characters)
    if isinstance(outcome, MalformedScenario):
        raise MalformedScenario(
            outcome.reason,
            line=outcome.line,
            column=outcome.column,
            source=outcome.source,
            verdict=outcome.verdict,
        )
    return outcome


def _outcome(make: Callable[[], Scenario]) -> _Outcome:
    try:
        return make()
    except MalformedScenario as malformed:
        return malformed.with_traceback(None)
