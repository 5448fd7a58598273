"""Memberships, as the API shows them."""

import strawberry

from lists.discretion import Glimpse
from resolvers import bounces, lists, memberships
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.lists import MembershipOrigin, ReceptionMode, SubscriberVisibility
from schema.foundations import Node, node_id
from schema.refs import BounceRef, MailingListRef, UserRef
from schema.scalars import DateTime, EmailAddress
from storage.tables import lists as tables


@strawberry.type(description="A pause of delivery.")
@mirrors(memberships.Pause)
class Suspension:
    """A pause of delivery."""

    from_: DateTime = shown("From.", name="from")
    until: DateTime | None = shown("Until; null for open end.")


@strawberry.type(description="An answer to one of a list's questions.")
@mirrors(memberships.Answer)
class CustomAttributeValue:
    """An answer to one of a list's questions."""

    key: str = shown("The question's key.")
    value: str = shown("The answer, as text.")


@strawberry.type(
    description="One address on one list: subscribed, included, or both. (`Subscription` is GraphQL's own root type; the field's word for this is membership.)"
)
@mirrors(tables.Membership, Glimpse)
class Membership(Node):
    """One address on one list."""

    id: strawberry.ID = node_id("Membership")
    mailing_list: MailingListRef = resolved(
        lists.list_of, "The list.", metadata={"computed": lists.list_at_hand}
    )
    email: EmailAddress = computed(
        lambda root, _: root.address, "The address on the list; hidden ones are left out of pages altogether."
    )
    user: UserRef | None = resolved(
        memberships.user, "The person behind it: for themselves and for listmasters, null for others."
    )
    display_name: str | None = computed(memberships.display_name, "Name given to the list.")
    reception: ReceptionMode | None = shown("How mail comes; null for other subscribers.")
    suspension: Suspension | None = computed(
        memberships.suspension, "A pause, such as a vacation; null for none, and for other subscribers."
    )
    absence: Suspension | None = computed(
        memberships.absence,
        "The person's pause of everything, as membershipsSetOptions makes it, beside the one of this list; null for none, and for other subscribers.",
    )
    is_held_by_person: bool = computed(
        lambda root, _: root.person_id is not None,
        "It goes where the person's main address goes; false for other subscribers.",
    )
    is_preferred: bool = shown(
        "The one that the person chose for the one copy they get here; false for other subscribers."
    )
    skips_addressed_copies: bool | None = shown(
        "No copy of a message that names the person in To or Cc; null where the account's preferences decide, and for other subscribers."
    )
    visibility: SubscriberVisibility = shown("Shown to other subscribers.")
    attributes: list[CustomAttributeValue] = computed(
        memberships.attributes, "Answers to the list's questions; none for other subscribers. Bounded to 50."
    )
    origin: MembershipOrigin = shown("Subscribed, included, or both.")
    is_moderated_author: bool = computed(
        lambda root, _: root.is_moderated,
        "Everything sent is held for a moderator; for owners only, false for others.",
    )
    bounce: BounceRef | None = resolved(
        bounces.bounce_of, "Trouble with the address; null for none, and for other subscribers."
    )
    subscribed_at: DateTime = shown("Since.")
    updated_at: DateTime = shown("Last changed.")
