"""Changes to lists, offices and memberships, as the API takes them."""

import strawberry

from resolvers import list_changes, membership_changes
from schema.binding import resolved, shown
from schema.foundations import Payload
from schema.lists import MailingList
from schema.memberships import Membership
from schema.roles import Role
from schema.scalars import EmailAddress
from schema.scenarios import Decision


@strawberry.type(description="Result of mailingListCreate.")
class MailingListCreatePayload(Payload):
    """Result of mailingListCreate."""

    mailing_list: MailingList | None = shown("The list, OPEN or PENDING.")


@strawberry.type(description="Result of mailingListUpdate.")
class MailingListUpdatePayload(Payload):
    """Result of mailingListUpdate."""

    mailing_list: MailingList | None = shown("As it is now.")


@strawberry.type(description="Result of mailingListClose.")
class MailingListClosePayload(Payload):
    """Result of mailingListClose."""

    mailing_list: MailingList | None = shown("As it is now.")


@strawberry.type(description="Result of mailingListOpen.")
class MailingListOpenPayload(Payload):
    """Result of mailingListOpen."""

    mailing_list: MailingList | None = shown("As it is now.")


@strawberry.type(description="Result of roleGrant.")
class RoleGrantPayload(Payload):
    """Result of roleGrant."""

    role: Role | None = shown("The office.")


@strawberry.type(description="Result of roleRevoke.")
class RoleRevokePayload(Payload):
    """Result of roleRevoke."""

    revoked_id: strawberry.ID | None = shown("Which.")


@strawberry.type(description="Result of mailingListSubscribe.")
class MailingListSubscribePayload(Payload):
    """Result of mailingListSubscribe."""

    membership: Membership | None = shown("When joined at once.")
    decision: Decision | None = shown("What the scenario said.")


@strawberry.type(description="Result of mailingListUnsubscribe.")
class MailingListUnsubscribePayload(Payload):
    """Result of mailingListUnsubscribe."""

    removed_id: strawberry.ID | None = shown("Which, when left at once.")
    decision: Decision | None = shown("What the scenario said.")


@strawberry.type(description="Result of membershipUpdate.")
class MembershipUpdatePayload(Payload):
    """Result of membershipUpdate."""

    membership: Membership | None = shown("As it is now.")


@strawberry.type(description="Result of subscribersAdd.")
class SubscribersAddPayload(Payload):
    """Result of subscribersAdd."""

    added: list[Membership] | None = shown("Those added.")


@strawberry.type(description="Result of subscribersInvite.")
class SubscribersInvitePayload(Payload):
    """Result of subscribersInvite."""

    invited: list[EmailAddress] | None = shown(
        "Those who were written to, if they are not on the list already; the answer does not say who is."
    )


@strawberry.type(description="Result of subscribersRemove.")
class SubscribersRemovePayload(Payload):
    """Result of subscribersRemove."""

    removed_ids: list[strawberry.ID] | None = shown("Those removed.")


@strawberry.type
class MailingListMutations:
    """Changes to lists and to who is on them."""

    mailing_list_create: MailingListCreatePayload = resolved(
        list_changes.mailing_list_create, "Makes a list, or asks for one where a listmaster has to agree."
    )
    mailing_list_update: MailingListUpdatePayload = resolved(
        list_changes.mailing_list_update, "Changes settings; what is left out stays."
    )
    mailing_list_close: MailingListClosePayload = resolved(
        list_changes.mailing_list_close, "Shuts a list; archive and people are kept."
    )
    mailing_list_open: MailingListOpenPayload = resolved(
        list_changes.mailing_list_open,
        "Opens a list that was shut, or waits to be agreed to; for listmasters.",
    )
    mailing_list_subscribe: MailingListSubscribePayload = resolved(
        membership_changes.mailing_list_subscribe, "Joins a list, or starts what that takes."
    )
    mailing_list_unsubscribe: MailingListUnsubscribePayload = resolved(
        membership_changes.mailing_list_unsubscribe, "Leaves a list, or starts what that takes."
    )
    membership_update: MembershipUpdatePayload = resolved(
        membership_changes.membership_update,
        "Changes mode, visibility, pause, answers or address of a subscription.",
    )
    subscribers_add: SubscribersAddPayload = resolved(
        membership_changes.subscribers_add, "Puts others on a list; for owners."
    )
    subscribers_invite: SubscribersInvitePayload = resolved(
        membership_changes.subscribers_invite, "Invites others to a list; each decides by a mailed link."
    )
    subscribers_remove: SubscribersRemovePayload = resolved(
        membership_changes.subscribers_remove, "Takes others off a list; for owners."
    )
    role_grant: RoleGrantPayload = resolved(list_changes.role_grant, "Gives somebody an office on a list.")
    role_revoke: RoleRevokePayload = resolved(list_changes.role_revoke, "Ends an office.")
