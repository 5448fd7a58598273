"""Mail that comes back, as the API shows it."""

import strawberry

from resolvers import bounces
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.bounces import BounceKind
from schema.foundations import Node, Payload, node_id
from schema.refs import MembershipRef
from schema.scalars import DateTime
from storage.tables import bounces as scores
from storage.tables import mail as tables


@strawberry.type(description="One failure that came back.")
@mirrors(tables.Bounce)
class BounceEvent:
    """One failure that came back."""

    kind: BounceKind = shown("What it says.")
    enhanced_status: str | None = computed(bounces.status, "RFC 3463 code, such as `5.1.1`.")
    diagnostic: str | None = computed(bounces.words, "What the other server said.")
    at: DateTime = computed(lambda root, _: root.received_at, "When it came.")


@strawberry.type(description="Trouble with an address on a list.")
@mirrors(scores.BounceScore)
class Bounce(Node):
    """Trouble with an address on a list."""

    id: strawberry.ID = node_id("Bounce")
    membership: MembershipRef = resolved(bounces.membership, "Whose.")
    score: int = resolved(bounces.score, "0 to 100, where 100 is enough for a probe.")
    kind: BounceKind = shown("What the latest failure says.")
    enhanced_status: str | None = computed(bounces.status, "RFC 3463 code, such as `5.1.1`.")
    count: int = computed(lambda root, _: root.failures, "How many.")
    first_at: DateTime = shown("First.")
    last_at: DateTime = shown("Last.")
    diagnostic: str | None = computed(bounces.words, "What the other server said.")
    probed_at: DateTime | None = shown("A probe is out since then; null for none.")
    stopped_at: DateTime | None = computed(
        lambda root, _: root.bounce_suspended_at,
        "Nothing is sent there any more since then; the subscription stays. Null while mail is sent.",
    )
    latest: list[BounceEvent] = resolved(bounces.latest, "The latest failures, newest first, 20 at most.")


@strawberry.type(description="Result of bouncesReset.")
class BouncesResetPayload(Payload):
    """Result of bouncesReset."""

    reset_ids: list[strawberry.ID] | None = shown("Those forgotten.")


@strawberry.type
class BounceMutations:
    """Changes to what is known of mail that comes back."""

    bounces_reset: BouncesResetPayload = resolved(
        bounces.bounces_reset,
        "Forgets bounces, and lets mail go on: of members for owners, of oneself for anybody.",
    )
