"""Decisions and the scenarios behind them, as the API shows them."""

import strawberry

from lists import bindings
from resolvers import scenarios
from scenarios import syntax
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.identity import AuthStrength
from schema.enums.scenarios import DecisionVerdict, ScenarioAction, ScenarioOrigin


@strawberry.type(description="One rule.")
@mirrors(syntax.Rule)
class ScenarioRule:
    """One rule."""

    line: int = shown("Line in the source.")
    condition: str = computed(scenarios.condition, "When it applies.")
    strengths: list[AuthStrength] = computed(scenarios.strengths, "With which certainty.")
    verdict: DecisionVerdict = computed(scenarios.verdict_of_rule, "Then what.")


@strawberry.type(description="An ordered set of rules.")
@mirrors(bindings.Binding)
class Scenario:
    """An ordered set of rules."""

    action: ScenarioAction = computed(lambda root, _: root.operation, "What it decides.")
    name: str = shown("Name, such as `private`.")
    title: str = shown("For people.")
    rules: list[ScenarioRule] = shown(
        "In the order tried; of a text that was written here only for the list's owners, else empty."
    )
    origin: ScenarioOrigin = shown("Where it is defined.")


@strawberry.type(description="Who decides what.")
class ScenarioBinding:
    """Who decides what."""

    action: ScenarioAction = computed(lambda root, _: root.operation, "The action.")
    scenario: Scenario = computed(lambda root, _: root, "The rules.")


@strawberry.type(description="What a scenario says, and why.")
@mirrors(scenarios.Explained)
class Decision:
    """What a scenario says, and why."""

    verdict: DecisionVerdict = shown("The answer.")
    reason: str | None = shown("What a refused person is told; null unless REJECT.")
    is_quiet: bool = shown("Nobody would be told.")
    rule: ScenarioRule | None = resolved(
        scenarios.rule,
        "The rule that decided; null when the closing default did, or the rules are not for the caller's eyes.",
    )
    scenario: Scenario | None = resolved(
        scenarios.scenario, "The scenario asked; null when no scenario had a say."
    )
