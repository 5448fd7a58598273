"""What rules and mails may mention, as the API shows it."""

import strawberry

from lists import variables
from schema.binding import mirrors, shown
from schema.enums.scenarios import VariableKind


@strawberry.type(description="Something that a rule or a mail may mention.")
@mirrors(variables.Variable)
class ScenarioVariable:
    """Something that a rule or a mail may mention."""

    name: str = shown("As it is written there.")
    kind: VariableKind = shown("What its values are.")
    description: str = shown("What it stands for.")
    values: list[str] | None = shown(
        "Its values in the caller's own case; null where only the request or mail itself will tell, or where they are "
        "for those who run the list."
    )
