"""What the mutations about the life of an account take."""

import strawberry

from schema.inputs.common import MutationInput, wanted


@strawberry.input(description="Input of alertDismiss.")
class AlertDismissInput(MutationInput):
    """Input of alertDismiss."""

    alert_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of accountMerge.")
class AccountMergeInput(MutationInput):
    """Input of accountMerge."""

    session_token: str = wanted(
        "Token of a session of the other account in this robot, at most 12 hours old: sign in to it with `transport: "
        "BEARER` and without the credentials of this one."
    )


@strawberry.input(description="Input of accountUnmerge.")
class AccountUnmergeInput(MutationInput):
    """Input of accountUnmerge."""

    account_merge_id: strawberry.ID = wanted("Which: one of `user.accountMerges`.")


@strawberry.input(description="Input of accountRemove.")
class AccountRemoveInput(MutationInput):
    """Input of accountRemove."""
