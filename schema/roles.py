"""Offices on lists, as the API shows them."""

import strawberry

from resolvers import lists, memberships, roles
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.lists import RoleKind, RoleReception
from schema.foundations import Node, node_id
from schema.refs import MailingListRef, UserRef
from schema.scalars import EmailAddress
from storage.tables import lists as tables


@strawberry.type(description="Somebody's office on a list.")
@mirrors(tables.Role)
class Role(Node):
    """Somebody's office on a list."""

    id: strawberry.ID = node_id("Role")
    mailing_list: MailingListRef = resolved(
        lists.list_of, "The list.", metadata={"computed": lists.list_at_hand}
    )
    email: EmailAddress = computed(lambda root, _: root.address, "Address of the office.")
    user: UserRef | None = resolved(
        memberships.user, "The person: for themselves and for listmasters, null for others."
    )
    kind: RoleKind = shown("Owner, privileged owner, moderator.")
    reception: RoleReception = computed(roles.reception, "Whether notices are mailed.")
    is_shown: bool = shown("Named on the list's page.")
    display_name: str | None = computed(roles.display_name, "Name.")
