"""What the mutations about trusted applications take."""

import strawberry

from schema.enums.identity import TokenScope
from schema.inputs.common import MutationInput, optional, wanted
from schema.scalars import Duration, Json


@strawberry.input(description="A variable and its value.")
class AssertionInput:
    """A variable and its value."""

    name: str = wanted("Its name, as in `[app->NAME]`.")
    value: str = wanted("Its value, as it is.")


@strawberry.input(description="Input of applicationRegister. What is left out or empty is not allowed.")
class ApplicationRegisterInput(MutationInput):
    """Input of applicationRegister."""

    robot_id: strawberry.ID = wanted("Where.")
    name: str = wanted("For people; never given twice in a domain.")
    jwks: Json = wanted(
        "Its public keys: a JWK or a JWK set (RFC 7517); `nbf` and `exp` bound a key in time."
    )
    allowed_scopes: list[TokenScope] = wanted("The most it may do.")
    allowed_assertions: list[str] = wanted("Names it may assert.")
    requires_user_grant: bool = wanted("Ask each person.")
    allowed_operations: list[str] | None = optional(
        "The operations of scenarios that it may do, by their names there, and `own` and `moderate` for offices."
    )
    fixed_assertions: list[AssertionInput] | None = optional(
        "Variables that it always has; they win over its own."
    )
    domains: list[str] | None = optional("Domains whose addresses it may name; none for nobody.")
    permitted_networks: list[str] | None = optional("Where it may come from; empty for anywhere.")


@strawberry.input(description="Input of applicationRotate.")
class ApplicationRotateInput(MutationInput):
    """Input of applicationRotate."""

    application_id: strawberry.ID = wanted("Which.")
    jwks: Json = wanted("Its new public keys.")
    overlap: Duration | None = optional("How long the old keys go on; a day when left out, 90 days at most.")


@strawberry.input(description="Input of applicationRevoke.")
class ApplicationRevokeInput(MutationInput):
    """Input of applicationRevoke."""

    application_id: strawberry.ID = wanted("Which.")


@strawberry.input(description="Input of applicationActAs.")
class ApplicationActAsInput(MutationInput):
    """Input of applicationActAs."""

    assertion: str = wanted("A JWT by the application: sub is the user's address, aud this server.")
    scopes: list[TokenScope] = wanted("What for.")


@strawberry.input(description="Input of applicationGrantCreate.")
class ApplicationGrantCreateInput(MutationInput):
    """Input of applicationGrantCreate."""

    client_id: str = wanted("Which, as the application names itself.")
    scopes: list[TokenScope] = wanted("What for.")


@strawberry.input(description="Input of applicationGrantRevoke.")
class ApplicationGrantRevokeInput(MutationInput):
    """Input of applicationGrantRevoke."""

    grant_id: strawberry.ID = wanted("Which.")
