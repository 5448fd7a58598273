"""The queue as a whole, as the API shows it."""

import strawberry

from resolvers import queue
from schema.binding import computed, mirrors, resolved, shown
from schema.foundations import Payload
from schema.refs import RobotRef
from schema.scalars import DateTime
from storage.tables import queue as tables


@strawberry.type(description="How gently a recipients' domain is treated, since it put us off.")
@mirrors(tables.DomainPace)
class DomainPace:
    """How gently a recipients' domain is treated."""

    domain: str = shown("The domain.")
    most: int = shown("How many packets each worker may have in hand for it.")
    paused_until: DateTime = shown("Nothing is sent to it until then.")
    reply: str = shown("The answer that taught it.")
    updated_at: DateTime = shown("Since.")


@strawberry.type(description="What holds a robot's mail back.")
@mirrors(queue.Queue)
class Queue:
    """What holds a robot's mail back."""

    is_stopped: bool = computed(queue.is_stopped, "Somebody keeps mail from leaving.")
    stopped_since: DateTime | None = computed(queue.stopped_since, "Since when.")
    domains: list[DomainPace] = shown("Domains that put us off, of all robots; bounded by what they are.")


@strawberry.type(description="Result of queueStop.")
class QueueStopPayload(Payload):
    """Result of queueStop."""

    robot: RobotRef | None = shown("Whose mail waits now.")


@strawberry.type(description="Result of queueStart.")
class QueueStartPayload(Payload):
    """Result of queueStart."""

    robot: RobotRef | None = shown("Whose mail leaves again.")


@strawberry.type(description="Result of domainPaceReset.")
class DomainPaceResetPayload(Payload):
    """Result of domainPaceReset."""

    robot: RobotRef | None = shown("Where.")


@strawberry.type
class QueueMutations:
    """Stopping and starting queues."""

    queue_stop: QueueStopPayload = resolved(
        queue.queue_stop,
        "Lets no mail of a domain leave from the next packet on, also after restarts; for its listmasters.",
    )
    queue_start: QueueStartPayload = resolved(
        queue.queue_start, "Lets it leave again, each delivery from where it was."
    )
    domain_pace_reset: DomainPaceResetPayload = resolved(
        queue.domain_pace_reset, "Treats a recipients' domain as any other again, until it puts us off anew."
    )
