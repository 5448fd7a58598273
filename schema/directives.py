"""What a field costs and which right it asks for, written beside the field."""

import strawberry
from strawberry.schema_directive import Location

from schema.enums.identity import AuthStrength


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="What a field adds to the price of a query, times the named page-size arguments.",
)
class Cost:
    """What a field adds to the price of a query, in points, times the named arguments."""

    complexity: int
    multipliers: list[str] | None = strawberry.UNSET


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="The token scope and the least authentication strength a field asks for.",
)
class Requires:
    """The token scope and the least authentication strength a field asks for."""

    scope: str
    strength: AuthStrength | None = None
