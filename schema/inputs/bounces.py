"""What questions about mail that comes back take, and changes to it."""

import strawberry

from schema.enums.bounces import BounceKind
from schema.inputs.common import MutationInput, optional, wanted


@strawberry.input(description="Which bounces; all members must match.")
class BounceFilter:
    """Which bounces."""

    minimum_score: int | None = optional("At least, 0 to 100.")
    kind: list[BounceKind] | None = optional("Kinds of the latest failure.")


@strawberry.input(description="Input of bouncesReset.")
class BouncesResetInput(MutationInput):
    """Input of bouncesReset."""

    bounce_ids: list[strawberry.ID] = wanted("At most 100.")
