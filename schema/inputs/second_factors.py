"""What the mutations about second factors take."""

import strawberry

from schema.enums.second_factors import SecondFactorKind
from schema.inputs.common import MutationInput, optional, wanted


@strawberry.input(description="Input of secondFactorBegin.")
class SecondFactorBeginInput(MutationInput):
    """Input of secondFactorBegin."""

    kind: SecondFactorKind = wanted("What it is going to be.")


@strawberry.input(description="Input of secondFactorConfirm.")
class SecondFactorConfirmInput(MutationInput):
    """Input of secondFactorConfirm."""

    attempt_id: strawberry.ID = wanted("From secondFactorBegin.")
    code: str | None = optional("Of an authenticator: what it shows now.")
    credential: str | None = optional("Of a passkey: what the browser answered, as JSON.")
    label: str | None = optional("The person's name for it.")


@strawberry.input(description="Input of secondFactorRemove.")
class SecondFactorRemoveInput(MutationInput):
    """Input of secondFactorRemove."""

    second_factor_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of recoveryCodesRenew.")
class RecoveryCodesRenewInput(MutationInput):
    """Input of recoveryCodesRenew."""
