"""Topics of the directory, as the API shows them."""

import strawberry

from schema.binding import mirrors, shown
from storage.tables import topics as tables


@strawberry.type(description="A branch of the directory.")
@mirrors(tables.Topic)
class Topic:
    """A branch of the directory."""

    name: str = shown("Path such as `science/physics`.")
    title: str = shown("For people.")
