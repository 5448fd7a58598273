"""What the mutations about signing keys take."""

import strawberry

from schema.enums.signing import DkimAlgorithm
from schema.inputs.common import MutationInput, optional, wanted


@strawberry.input(description="Input of dkimKeyCreate.")
class DkimKeyCreateInput(MutationInput):
    """Input of dkimKeyCreate."""

    robot_id: strawberry.ID = wanted("The domain that it signs for.")
    mailing_list_id: strawberry.ID | None = optional("The one list that it signs for; all where left out.")
    algorithm: DkimAlgorithm | None = optional("Its kind; RSA2048 where left out.")
    selector: str | None = optional("Its name in the DNS; made of today's date where left out.")


@strawberry.input(description="Input of dkimKeyActivate.")
class DkimKeyActivateInput(MutationInput):
    """Input of dkimKeyActivate."""

    dkim_key_id: strawberry.ID = wanted("Which.")
    is_forced: bool | None = optional("Also when the DNS does not show it.")


@strawberry.input(description="Input of dkimKeyRetire.")
class DkimKeyRetireInput(MutationInput):
    """Input of dkimKeyRetire."""

    dkim_key_id: strawberry.ID = wanted("Which.")
    is_compromised: bool | None = optional("Nobody is to believe it any more; its record can go at once.")
