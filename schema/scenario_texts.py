"""Scenario texts that somebody wrote, and changes to them, as the API shows them."""

import strawberry

from lists import scenario_texts as domain
from resolvers import scenario_texts
from scenarios import finding
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.scenario_texts import FindingLevel, ScenarioEffect, ScenarioRole
from schema.enums.scenarios import ScenarioMethod, ScenarioOrigin
from schema.foundations import Payload


@strawberry.type(description="A text that somebody wrote, or that governs a name where nobody did.")
@mirrors(domain.Shown)
class ScenarioText:
    """A text of one's own."""

    operation: str = shown(
        "What it governs, as the scenario language calls it; `include` for a fragment, `search` for a filter."
    )
    name: str = shown("Its name.")
    title: str = shown("For people.")
    origin: ScenarioOrigin = computed(scenario_texts.origin, "Where it is written.")
    source: str = computed(lambda root, _: root.text, "The text.")
    hash: str = computed(lambda root, _: root.text_hash, "Its SHA-256, which a change of it has to name.")


@strawberry.type(description="A remark of the linter.")
@mirrors(finding.Finding)
class ScenarioFinding:
    """A remark of the linter."""

    line: int = shown("Line, from 1.")
    column: int = shown("Column, from 1.")
    code: str = shown("Kind; stable.")
    level: FindingLevel = shown("How serious it is.")
    sentence: str = shown("What is the matter, and what to write.")


@strawberry.type(description="What a change of rules means to somebody.")
@mirrors(scenario_texts.Changed)
class ScenarioChange:
    """What a change of rules means to somebody."""

    role: ScenarioRole = shown("Who.")
    concerns_another: bool = computed(
        scenario_texts.concerns_another, "When they act for somebody else, rather than for themselves."
    )
    methods: list[ScenarioMethod] = shown("With which certainty.")
    effect: ScenarioEffect = shown("Whether they may do more, less, or something else.")
    before: str = shown("What was decided, as a rule writes it.")
    after: str = shown("What is decided now.")


@strawberry.type(description="Result of scenarioWrite.")
class ScenarioWritePayload(Payload):
    """Result of scenarioWrite."""

    text: ScenarioText | None = shown("As it is now; null when it was not written.")
    findings: list[ScenarioFinding] | None = shown(
        "What the linter says of it, by line; also of a text that was refused."
    )
    changes: list[ScenarioChange] | None = shown("Who gains or loses what.")


@strawberry.type(description="Result of scenarioRemove.")
class ScenarioRemovePayload(Payload):
    """Result of scenarioRemove."""

    text: ScenarioText | None = shown(
        "What governs the name now; null when nothing does, or nothing was done."
    )
    changes: list[ScenarioChange] | None = shown("Who gains or loses what.")


@strawberry.type
class ScenarioTextMutations:
    """Changes to scenario texts."""

    scenario_write: ScenarioWritePayload = resolved(
        scenario_texts.scenario_write,
        "Writes a scenario text for a list (its owners) or a robot (its listmasters), where it governs at once. Needs a "
        "sign-in surer than a mailed code.",
    )
    scenario_remove: ScenarioRemovePayload = resolved(
        scenario_texts.scenario_remove, "Takes a scenario text away, so that the next place's governs again."
    )
