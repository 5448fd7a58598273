"""Decisions and the scenarios behind them, as the API shows them."""

import strawberry

from lists import bindings
from resolvers import scenario_texts, scenarios
from scenarios import syntax
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.identity import AuthStrength
from schema.enums.scenarios import (
    DecisionVerdict,
    RuleOutcome,
    ScenarioAction,
    ScenarioMethod,
    ScenarioOrigin,
)
from schema.scalars import EmailAddress


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
    source: str | None = computed(
        scenario_texts.source,
        "The text as written: of a shipped scenario for everybody, of another for those who see its rules and may administrate.",
    )
    origin: ScenarioOrigin = shown("Where it is defined.")


@strawberry.type(description="Who decides what.")
class ScenarioBinding:
    """Who decides what."""

    action: ScenarioAction = computed(lambda root, _: root.operation, "The action.")
    scenario: Scenario = computed(lambda root, _: root, "The rules.")


@strawberry.type(description="One rule tried with one address.")
@mirrors(scenarios.TracedStep)
class DecisionTrace:
    """One rule tried with one address."""

    line: int = shown("Line in its text.")
    origin: str | None = shown("The fragment that the line stands in; null for the scenario itself.")
    condition_text: str = computed(lambda root, _: root.condition, "The condition as written.")
    element: EmailAddress | None = shown(
        "The address of the person that was tried; null where the rule names none, or it is not for the caller's eyes."
    )
    method: ScenarioMethod = shown("How surely that address was proved.")
    outcome: RuleOutcome = computed(scenarios.outcome, "What came of it.")
    failure: str | None = computed(scenarios.failure, "What went wrong, in one word; null unless FAILED.")


@strawberry.type(description="What a scenario says, and why.")
@mirrors(scenarios.Explained)
class Decision:
    """What a scenario says, and why."""

    reference: str | None = shown(
        "The name that mails and logs give to it, good for `decision`; null where nothing is kept, as in a rehearsal."
    )
    verdict: DecisionVerdict = shown("The answer.")
    reason: str | None = shown("What a refused person is told, in the caller's language; null unless REJECT.")
    is_quiet: bool = shown("Nobody would be told.")
    rule: ScenarioRule | None = resolved(
        scenarios.rule,
        "The rule that decided, as it stands today; null when the closing default did, the rule stands in a fragment, "
        "or the rules are not for the caller's eyes.",
    )
    scenario: Scenario | None = resolved(
        scenarios.scenario, "The scenario asked; null when no scenario of a list had a say."
    )
    line: int | None = shown("Line of the rule that decided; null when the closing default did.")
    origin: str | None = shown("The fragment that the line stands in; null for the scenario itself.")
    condition_text: str | None = shown(
        "Its condition as it was written then; null when there was none or the rules are not for the caller's eyes."
    )
    method: ScenarioMethod = shown("How surely the request was proved, as the rule saw it.")
    element: EmailAddress | None = shown(
        "Which of the person's addresses made the rule hold; null when it names none. Those who run the list see the "
        "address that was presented, that it was about, or that is on the list; never another one."
    )
    strength: ScenarioMethod | None = shown(
        "How surely that address is the person's; null where `element` is."
    )
    protection: str | None = shown(
        "For POST, asked by `explainDecision`: what would be done with an unsigned message for its author's domain's "
        "DMARC policy; null for nothing."
    )
    trace: list[DecisionTrace] = shown(
        "Every rule tried, in order, for those who may read the rules, else empty; bounded. Kept decisions have it "
        "where the answer was not ALLOW."
    )
