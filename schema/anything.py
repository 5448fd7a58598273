"""Questions for any one thing by its id."""

import strawberry

from resolvers import node as by_id
from schema.binding import resolved
from schema.foundations import Node


@strawberry.type
class NodeQueries:
    """Questions for any one thing by its id."""

    node: Node | None = resolved(
        by_id.node, "Any one object; null when it does not exist or may not be seen."
    )
    nodes: list[Node | None] = resolved(
        by_id.nodes,
        "Several objects, in the order asked; null at the places of the missing. The list is bounded by `ids`.",
    )
