"""Alerts, joined accounts and the removal of an account, as the API shows them."""

import strawberry

from resolvers import accounts
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.accounts import AlertKind
from schema.foundations import Node, Payload, node_id
from schema.refs import UserRef
from schema.scalars import DateTime, EmailAddress
from storage.tables import account_life


@strawberry.type(description="Something that a person should know of their account.")
@mirrors(account_life.Alert)
class Alert(Node):
    """Something that a person should know."""

    id: strawberry.ID = node_id("Alert")
    kind: AlertKind = shown("What it is about.")
    email: EmailAddress | None = computed(
        lambda root, _: accounts.detail(root, "address"), "Which address it is about, if any."
    )
    asked_by: EmailAddress | None = computed(
        lambda root, _: accounts.detail(root, "asker"), "Main address of the account that asks for it."
    )
    until: DateTime | None = computed(
        lambda root, _: accounts.detail(root, "until"), "Until when the address counts."
    )
    label: str | None = computed(
        lambda root, _: accounts.detail(root, "label"), "Which way to sign in was added."
    )
    created_at: DateTime = shown("Since when.")


@strawberry.type(description="Another account that was joined to this one.")
@mirrors(account_life.Merge)
class AccountMerge(Node):
    """Another account that was joined to this one."""

    id: strawberry.ID = node_id("AccountMerge")
    email: EmailAddress = computed(lambda root, _: root.gone_address, "What its main address was.")
    merged_at: DateTime = shown("When.")
    undoable_until: DateTime = shown("Until when both can be two again.")


@strawberry.type(description="Result of alertDismiss.")
class AlertDismissPayload(Payload):
    """Result of alertDismiss."""

    user: UserRef | None = shown("The person.")


@strawberry.type(description="Result of accountMerge.")
class AccountMergePayload(Payload):
    """Result of accountMerge."""

    account_merge: AccountMerge | None = shown("What was joined.")
    user: UserRef | None = shown("The account that both are now.")


@strawberry.type(description="Result of accountUnmerge.")
class AccountUnmergePayload(Payload):
    """Result of accountUnmerge."""

    email: EmailAddress | None = shown("Main address of the account that is one of its own again.")


@strawberry.type(description="Result of accountRemove.")
class AccountRemovePayload(Payload):
    """Result of accountRemove."""

    sent_to: str | None = shown(
        "Where the mail went, shortened; the account goes when its button is pressed."
    )


@strawberry.type
class AccountMutations:
    """What happens to an account, by the person whose it is."""

    alert_dismiss: AlertDismissPayload = resolved(accounts.alert_dismiss, "Puts an alert away.")
    account_merge: AccountMergePayload = resolved(
        accounts.account_merge,
        "Joins another account to the viewer's: its addresses, ways to sign in and subscriptions; can be undone for "
        "30 days.",
    )
    account_unmerge: AccountUnmergePayload = resolved(
        accounts.account_unmerge,
        "Makes two accounts of joined ones, as they were before; ends all sessions of both.",
    )
    account_remove: AccountRemovePayload = resolved(
        accounts.account_remove,
        "Mails a link whose button removes the viewer's account; refused while it holds an office.",
    )
