"""What clients send about families of lists."""

import strawberry

from schema.inputs.common import MutationInput, optional, wanted
from schema.scalars import EmailAddress


@strawberry.input(description="A parameter of an instance.")
class FamilyParameterInput:
    """A parameter of an instance."""

    name: str = wanted("Name.")
    value: str = wanted("Value.")


@strawberry.input(description="One list of a family.")
class FamilyInstanceInput:
    """One list of a family."""

    name: str | None = optional("Local part; left out where the family's address gives it.")
    parameters: list[FamilyParameterInput] = wanted("Its parameters.")


@strawberry.input(description="Input of familyInstantiate.")
class FamilyInstantiateInput(MutationInput):
    """Input of familyInstantiate."""

    family_id: strawberry.ID = wanted("Which.")
    instances: list[FamilyInstanceInput] = wanted("The lists, at most 1000.")
    close_missing: bool | None = optional("Close lists that are not named.")
    is_dry_run: bool | None = optional("Only say what would happen.")


@strawberry.input(description="Input of familyListCreate.")
class FamilyListCreateInput(MutationInput):
    """Input of familyListCreate."""

    family_id: strawberry.ID = wanted("Which.")
    name: str | None = optional("Local part; left out where the family's address gives it.")
    parameters: list[FamilyParameterInput] = wanted("Its parameters.")


@strawberry.input(description="Input of familySignOff.")
class FamilySignOffInput(MutationInput):
    """Input of familySignOff."""

    family_id: strawberry.ID = wanted("Which.")
    email: EmailAddress | None = optional("Under which address; all of the viewer's when left out.")
