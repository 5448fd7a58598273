"""Words about messages that wait and messages on their way."""

from enum import Enum

import strawberry

from delivery.places import Place
from schema.enums.words import word
from storage.tables.words import DeliveryStatus as Status
from storage.tables.words import ModerationKind as Kind
from storage.tables.words import ModerationState
from storage.tables.words import RecipientState as State


@strawberry.enum(description="What waits. New values may be added.")
class ModerationKind(Enum):
    """What waits."""

    MESSAGE = word(Kind.MESSAGE, "A message.")
    SUBSCRIBE = word(Kind.SUBSCRIBE, "A wish to join.")
    UNSUBSCRIBE = word(Kind.UNSUBSCRIBE, "A wish to leave.")
    LIST_CREATION = word(Kind.LIST_CREATION, "A new list.")
    DOCUMENT = word(Kind.DOCUMENT, "A shared document.")


@strawberry.enum(description="Result of a check. New values may be added.")
class CheckResult(Enum):
    """Result of a check."""

    PASS = word("PASS", "Good.")
    FAIL = word("FAIL", "Bad.")
    NONE = word("NONE", "Nothing to check.")
    UNSURE = word("UNSURE", "Nobody answered in time.")


@strawberry.enum(description="What a moderator says.")
class ModerationVerdict(Enum):
    """What a moderator says."""

    APPROVE = word(ModerationState.APPROVED, "Let it through.")
    REJECT = word(ModerationState.REJECTED, "Refuse and tell the author.")
    DISCARD = word(ModerationState.DISCARDED, "Refuse quietly.")


@strawberry.enum(description="Changes of the queue. New values may be added.")
class ModerationEventKind(Enum):
    """Changes of the queue."""

    ADDED = word("added", "Came in.")
    DECIDED = word("decided", "Was decided.")


@strawberry.enum(description="Where a delivery is. New values may be added.")
class DeliveryStatus(Enum):
    """Where a delivery is."""

    QUEUED = word(Status.QUEUED, "Waits.")
    RUNNING = word(Status.RUNNING, "Goes on.")
    PAUSED = word(Status.PAUSED, "Stopped by somebody; nothing is sent twice on resuming.")
    COMPLETED = word(Status.COMPLETED, "Every recipient has a final state.")
    CANCELLED = word(Status.CANCELLED, "Stopped for good; those already handed over keep it.")
    FAILED = word(Status.FAILED, "Could not go on.")


@strawberry.enum(
    description="Place in the queue, in five words for the list settings' 0 to 9 and z. New values may be added."
)
class DeliveryPriority(Enum):
    """Place in the queue."""

    URGENT = word(Place.URGENT, "Before all: 0 and 1.")
    HIGH = word(Place.HIGH, "Early: 2 and 3.")
    NORMAL = word(Place.NORMAL, "As usual: 4 to 6.")
    LOW = word(Place.LOW, "Late: 7 and 8.")
    BULK = word(
        Place.BULK,
        "When nothing else waits: 9. Also shown for z, under which nothing is sent until somebody gives it another place.",
    )


@strawberry.enum(description="Where a recipient is. New values may be added.")
class RecipientState(Enum):
    """Where a recipient is."""

    DEFERRED = word(State.DEFERRED, "Will be tried again.")
    FAILED = word(State.FAILED, "Refused.")
    BOUNCED = word(State.BOUNCED, "Came back later.")
    SKIPPED = word(State.SKIPPED, "Left since, or cancelled.")
