"""What clients send to stop and start a queue."""

import strawberry

from schema.inputs.common import MutationInput, optional, wanted


@strawberry.input(description="Input of queueStop.")
class QueueStopInput(MutationInput):
    """Input of queueStop."""

    robot_id: strawberry.ID = wanted("Whose mail.")


@strawberry.input(description="Input of queueStart.")
class QueueStartInput(MutationInput):
    """Input of queueStart."""

    robot_id: strawberry.ID = wanted("Whose mail.")


@strawberry.input(description="Input of domainPaceReset.")
class DomainPaceResetInput(MutationInput):
    """Input of domainPaceReset."""

    robot_id: strawberry.ID = wanted("Where the caller is a listmaster.")
    domain: str | None = optional("Which recipients' domain; all of them when left out.")
