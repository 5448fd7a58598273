"""Changes to all of somebody's subscriptions, as the API shows them."""

from enum import Enum

import strawberry

from lists.unifying import Action, Change
from resolvers import everywhere
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.words import word
from schema.foundations import Payload
from schema.refs import MembershipRef, RoleRef


@strawberry.enum(description="What unifying does to a subscription or an office.")
class UnifyAction(Enum):
    """What unifying does to a subscription or an office."""

    MOVE = word(Action.MOVE, "Changed to the target address.")
    MERGE = word(Action.MERGE, "Ended, since the target holds the same; the stronger of each option stays.")
    KEEP = word(Action.KEEP, "Left as it is; `reason` says why.")


@strawberry.type(description="What would be, or was, done with one subscription or office.")
@mirrors(Change)
class UnifyChange:
    """What would be, or was, done with one subscription or office."""

    membership: MembershipRef | None = shown(
        "The subscription: as it is beforehand, or as it has become; null for an office."
    )
    role: RoleRef | None = computed(
        lambda root, _: None if root.role is None or root.role.list_id is None else root.role,
        "The office on a list, likewise; null for a subscription and for an office of the whole domain.",
    )
    action: UnifyAction = shown("What would be done.")
    reason: str | None = shown("Why it is kept.")


@strawberry.type(description="Result of membershipsUnify.")
class MembershipsUnifyPayload(Payload):
    """Result of membershipsUnify."""

    changes: list[UnifyChange] | None = shown("What was done with each, or with isDryRun would be.")


@strawberry.type(description="Result of membershipsSetOptions.")
class MembershipsSetOptionsPayload(Payload):
    """Result of membershipsSetOptions."""

    changed: list[MembershipRef] | None = shown("Those changed.")
    refused: list[MembershipRef] | None = shown(
        "Those whose address is not proved well enough to change them."
    )


@strawberry.type
class EverywhereMutations:
    """Changes to all of somebody's subscriptions."""

    memberships_unify: MembershipsUnifyPayload = resolved(
        everywhere.memberships_unify,
        "Lets one of the viewer's addresses hold all that the others hold here; one list after the other, with a result for each.",
    )
    memberships_set_options: MembershipsSetOptionsPayload = resolved(
        everywhere.memberships_set_options,
        "Gives all of the viewer's subscriptions here the same options, or pauses them.",
    )
