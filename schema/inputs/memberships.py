"""What questions about memberships and changes to them take."""

import strawberry

from schema.enums.errors import OrderDirection
from schema.enums.lists import MembershipOrderField, MembershipOrigin, ReceptionMode, SubscriberVisibility
from schema.inputs.common import MutationInput, optional, wanted
from schema.scalars import DateTime, EmailAddress


@strawberry.input(description="Which subscriptions; all members must match.")
class MembershipFilter:
    """Which subscriptions."""

    emails: list[EmailAddress] | None = optional("Under these addresses.")
    reception: list[ReceptionMode] | None = optional("Modes.")


@strawberry.input(description="Which subscribers; all members must match.")
class SubscriberFilter:
    """Which subscribers."""

    search: str | None = optional("Part of name or address.")
    reception: list[ReceptionMode] | None = optional("Modes.")
    origin: list[MembershipOrigin] | None = optional("Origins.")
    is_bouncing: bool | None = optional("Trouble or none; for owners, ignored for others.")


@strawberry.input(description="Order of subscriptions.")
class MembershipOrder:
    """Order of subscriptions."""

    field: MembershipOrderField = wanted("By what.")
    direction: OrderDirection = wanted("Which way.")


@strawberry.input(description="A name and a value.")
class CustomAttributeValueInput:
    """A name and a value."""

    key: str = wanted("The question's key.")
    value: str | None = optional("The answer; null for none.")


@strawberry.input(description="A pause of delivery.")
class SuspensionInput:
    """A pause of delivery."""

    from_: DateTime = strawberry.field(name="from", description="From.")
    until: DateTime | None = optional("Until; null for open end.")


@strawberry.input(description="Input of mailingListSubscribe.")
class MailingListSubscribeInput(MutationInput):
    """Input of mailingListSubscribe."""

    mailing_list_id: strawberry.ID = wanted("Which.")
    email: EmailAddress | None = optional("Under which of one's addresses; the main one when left out.")
    as_person: bool | None = optional(
        "Held by the person and not by an address: it follows the main address. `email` is left out then."
    )
    reception: ReceptionMode | None = optional("Mode.")
    visibility: SubscriberVisibility | None = optional("Visibility.")
    display_name: str | None = optional("Name given to the list.")
    attributes: list[CustomAttributeValueInput] | None = optional("Answers.")


@strawberry.input(description="Input of mailingListUnsubscribe.")
class MailingListUnsubscribeInput(MutationInput):
    """Input of mailingListUnsubscribe."""

    membership_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of membershipUpdate.")
class MembershipUpdateInput(MutationInput):
    """Input of membershipUpdate."""

    membership_id: strawberry.ID = wanted("Which.")
    email: EmailAddress | None = optional("Move it to this address of the same person.")
    is_held_by_person: bool | None = optional(
        "Let it follow the main address from now on, or stay with the address that it has; for the person only."
    )
    is_preferred: bool | None = optional(
        "Let it be the one that gets the person's one copy on this list; for the person only."
    )
    skips_addressed_copies: bool | None = optional(
        "No copy of a message that names the person in To or Cc, at whichever of their addresses; null lets the account's preferences decide."
    )
    display_name: str | None = optional("Name given to the list; null takes it away.")
    reception: ReceptionMode | None = optional("Mode.")
    visibility: SubscriberVisibility | None = optional("Visibility.")
    suspension: SuspensionInput | None = optional("A pause; null ends it.")
    attributes: list[CustomAttributeValueInput] | None = optional("Answers, in place of the earlier ones.")
    is_moderated_author: bool | None = optional("Everything sent is held for a moderator; for owners only.")


@strawberry.input(description="Input of subscribersAdd.")
class SubscribersAddInput(MutationInput):
    """Input of subscribersAdd."""

    mailing_list_id: strawberry.ID = wanted("Which.")
    emails: list[EmailAddress] = wanted("At most 100.")
    is_quiet: bool | None = optional("No welcome.")


@strawberry.input(description="Input of subscribersInvite.")
class SubscribersInviteInput(MutationInput):
    """Input of subscribersInvite."""

    mailing_list_id: strawberry.ID = wanted("Which.")
    emails: list[EmailAddress] = wanted("At most 100.")


@strawberry.input(description="Input of subscribersRemove.")
class SubscribersRemoveInput(MutationInput):
    """Input of subscribersRemove."""

    mailing_list_id: strawberry.ID = wanted("Which.")
    membership_ids: list[strawberry.ID] = wanted("At most 100.")
    is_quiet: bool | None = optional("No notice.")
