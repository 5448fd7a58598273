"""How many decisions this process has taken, by operation and action, for its metrics."""

from collections import Counter
from collections.abc import Mapping

from scenarios.decision import Decision

_TAKEN: Counter[tuple[str, str]] = Counter()


def count(decision: Decision) -> Decision:
    """Count a decision, and hand it on."""
    _TAKEN[decision.operation, decision.action] += 1
    return decision


def taken() -> Mapping[tuple[str, str], int]:
    """Decisions so far, by (operation, action); nobody is named in them."""
    return _TAKEN
