"""What changing a scenario text takes."""

import strawberry

from schema.inputs.common import MutationInput, optional, wanted


@strawberry.input(description="Input of scenarioWrite. Give `mailingListId` or `robotId`.")
class ScenarioWriteInput(MutationInput):
    """Input of scenarioWrite."""

    mailing_list_id: strawberry.ID | None = optional("The list that it is for.")
    robot_id: strawberry.ID | None = optional("The robot that it is for.")
    operation: str = wanted(
        "What it governs, as the scenario language calls it: `send`, `subscribe`, …; `include` for a fragment, `search` for a filter."
    )
    name: str = wanted("Its name, such as `private`; that of a filter ends in `.txt`.")
    source: str = wanted("The text.")
    expected_hash: str | None = optional(
        "`hash` of the text that it replaces, so that nothing is overwritten unseen; null where there is none."
    )
    is_dry_run: bool | None = optional("Only tell what would change.")


@strawberry.input(description="Input of scenarioRemove. Give `mailingListId` or `robotId`.")
class ScenarioRemoveInput(MutationInput):
    """Input of scenarioRemove."""

    mailing_list_id: strawberry.ID | None = optional("The list that it is for.")
    robot_id: strawberry.ID | None = optional("The robot that it is for.")
    operation: str = wanted("What it governs.")
    name: str = wanted("Its name.")
    expected_hash: str = wanted("`hash` of the text that is taken away.")
    is_dry_run: bool | None = optional("Only tell what would change.")
