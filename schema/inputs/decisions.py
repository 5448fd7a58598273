"""What questions about decisions take."""

import strawberry

from schema.enums.scenarios import DecisionVerdict, ScenarioAction, ScenarioMethod
from schema.inputs.applications import AssertionInput
from schema.inputs.common import optional
from schema.scalars import EmailAddress


@strawberry.input(description="Under which circumstances; what is left out is as it is for the caller.")
class DecisionInput:
    """Under which circumstances; all but `target` and `message` are for owners and listmasters."""

    email: EmailAddress | None = optional(
        "Who; the caller when left out. Others only for owners and listmasters."
    )
    is_stranger: bool | None = optional("Somebody nobody knows, in place of `email`.")
    method: ScenarioMethod | None = optional("How the request is proved; MD5 when left out.")
    target: EmailAddress | None = optional("Whom it is about; the one who asks when left out.")
    alternates: list[EmailAddress] | None = optional(
        "Further addresses to assume, in place of the known ones; at most 20."
    )
    remote_address: str | None = optional("Network address to assume.")
    application: str | None = optional("Name of a trusted application that would speak for them.")
    assertions: list[AssertionInput] | None = optional("Assertions to assume, by that application.")
    message: str | None = optional(
        "For POST: the message as it would come; a short one is assumed when left out."
    )


@strawberry.input(description="Which decisions; all members must match.")
class DecisionFilter:
    """Which decisions."""

    action: list[ScenarioAction] | None = optional("What was asked.")
    verdict: list[DecisionVerdict] | None = optional("What was answered.")
