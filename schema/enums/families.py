"""Words about families of lists."""

from enum import Enum

import strawberry

from schema.enums.words import word


@strawberry.enum(
    description="What became of a list when its family was instantiated. New values may be added."
)
class FamilyChangeKind(Enum):
    """What became of a list."""

    CREATED = word("created", "Made.")
    UPDATED = word("updated", "Settings or offices changed.")
    OPENED = word("opened", "Was shut by its family and is open again.")
    CLOSED = word("closed", "Shut, since it is not named any more.")


@strawberry.enum(
    description="What became of a subscription when its family was left. New values may be added."
)
class FamilySignOffOutcome(Enum):
    """What became of a subscription."""

    LEFT = word("left", "Ended.")
    WAITS_FOR_OWNERS = word("moderation", "The list's owners decide.")
    REFUSED = word("refused", "The list's rules keep it.")
