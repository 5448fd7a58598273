"""Why a post was refused: the list's sentence, and the rule that spoke."""

from lists.reasons import sentence
from scenarios.decision import Decision


def words_for(decision: Decision | None) -> str:
    """The reason and the rule that gave it, so that the author understands and an owner finds it (invariant 6)."""
    if decision is None:
        return "This list does not take this message."
    words = sentence(decision)
    return words if decision.line is None else f"{words} (send.{decision.scenario}, line {decision.line})"


def rule_of(decision: Decision) -> str:
    """The rule that spoke, as an editor can find it: the text's name, the line, the condition."""
    return f"send.{decision.scenario}, line {decision.line}: {decision.condition}"
