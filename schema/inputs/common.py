"""What many fields take: the four arguments of a page, the key that makes a mutation safe to repeat, spans of time."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from schema.scalars import DateTime

First = Annotated[
    int | None,
    strawberry.argument(
        description="How many edges from the start; 20 when neither `first` nor `last` is given, at most 100."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Return edges after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many edges from the end, at most 100.")]
Before = Annotated[str | None, strawberry.argument(description="Return edges before this cursor.")]
Everything = strawberry.argument(description="Everything this mutation takes.")


def wanted(description: str) -> Any:
    """A member that must be given."""
    return strawberry.field(description=description)


def optional(description: str) -> Any:
    """A member that may be left out, and is UNSET then; `null` is another answer."""
    return strawberry.field(description=description, default=UNSET)


def given(value: Any, otherwise: Any = None) -> Any:
    """What the client sent, or `otherwise` when it left it out."""
    return otherwise if value is UNSET else value


@strawberry.input
class MutationInput:
    """What every mutation takes."""

    client_mutation_id: str | None = optional(
        "Idempotency key, echoed: the same key with the same input within 24 hours gives the first answer again; with another input CONFLICT."
    )


@strawberry.input(description="A span of time.")
class DateTimeRange:
    """A span of time."""

    from_: DateTime | None = strawberry.field(
        name="from", description="From this instant on, included.", default=UNSET
    )
    until: DateTime | None = optional("Up to this instant, excluded.")
