"""What clients send to change a robot."""

import strawberry

from schema.enums.federation import ConsentMode, IncomingFederation
from schema.enums.robots import DkimMethod, ScenarioDialect
from schema.enums.scenarios import ScenarioAction
from schema.inputs.common import MutationInput, optional, wanted
from schema.inputs.lists import ScenarioBindingInput
from schema.scalars import EmailAddress


@strawberry.input(description="Settings to change; what is left out stays.")
class RobotSettingsInput:
    """Settings to change; what is left out stays."""

    scenarios: list[ScenarioBindingInput] | None = optional("Who decides what in the whole domain.")
    listmasters_are_owners: bool | None = optional(
        "Listmasters count as owners of every list; only the server's operator may change it."
    )
    dkim_method: DkimMethod | None = optional("What a valid signature is worth.")
    scenario_dialect: ScenarioDialect | None = optional("How scenarios are read.")
    are_readings_kept: bool | None = optional(
        "Decisions that let somebody read are kept for explaining, not refusals alone."
    )
    blocklist_operations: list[ScenarioAction] | None = optional(
        "Actions that refuse whoever stands in blocklist.txt."
    )
    dkim_sign_services: bool | None = optional("Whether the server's own mails of this domain are signed.")
    arc_seal: bool | None = optional(
        "Whether posts that came by mail are sealed with what was found out about them."
    )
    dkim_confirms: bool | None = optional(
        "Whether mail to a list that an address demonstrably wrote lets it count in its account for a year more."
    )
    trusted_sealers: list[str] | None = optional("Domains of forwarders whose ARC seal is believed.")
    federation_outgoing: ConsentMode | None = optional(
        "The most that people may allow when their addresses are named to other list servers."
    )
    federation_incoming: IncomingFederation | None = optional("What other list servers are told.")
    federation_acts: bool | None = optional(
        "Whether members may leave and pause through other list servers that may do so."
    )
    subaddress_domains: list[str] | None = optional(
        "Where user+topic is user: `univ.example=+`, `gmail.com=off`, or `off` for none that is not named."
    )


@strawberry.input(description="Input of robotUpdate.")
class RobotUpdateInput(MutationInput):
    """Input of robotUpdate."""

    robot_id: strawberry.ID = wanted("Which.")
    settings: RobotSettingsInput = wanted("What.")


@strawberry.input(description="Input of mailingListRemind.")
class MailingListRemindInput(MutationInput):
    """Input of mailingListRemind."""

    mailing_list_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of robotRemind.")
class RobotRemindInput(MutationInput):
    """Input of robotRemind."""

    robot_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of addressMove.")
class AddressMoveInput(MutationInput):
    """Input of addressMove."""

    current_email: EmailAddress = wanted("The address that is on the lists now.")
    email: EmailAddress = wanted("The address that takes its place.")
