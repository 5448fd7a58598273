"""What changes to all of somebody's subscriptions take."""

import strawberry

from schema.enums.lists import ReceptionMode, SubscriberVisibility
from schema.inputs.common import MutationInput, optional, wanted
from schema.inputs.memberships import MembershipFilter, SuspensionInput
from schema.scalars import EmailAddress


@strawberry.input(description="Input of membershipsUnify.")
class MembershipsUnifyInput(MutationInput):
    """Input of membershipsUnify."""

    target: EmailAddress = wanted("The address to keep; it must be in force here.")
    membership_ids: list[strawberry.ID] | None = optional(
        "Only these subscriptions; all of them, and all offices, when left out."
    )
    is_dry_run: bool | None = optional("Only say what would happen.")


@strawberry.input(description="Input of membershipsSetOptions.")
class MembershipsSetOptionsInput(MutationInput):
    """Input of membershipsSetOptions."""

    membership_ids: list[strawberry.ID] | None = optional("Only these; all of the viewer's when left out.")
    filter: MembershipFilter | None = optional("Which of the viewer's; all when left out.")
    reception: ReceptionMode | None = optional(
        "Mode for each of them. NOMAIL together with a pause is that pause: each list's own mode is back when it ends."
    )
    visibility: SubscriberVisibility | None = optional("Visibility for each of them.")
    suspension: SuspensionInput | None = optional(
        "A pause of everything, which ends by itself and leaves each list's own mode and pause as they are; null ends it."
    )
