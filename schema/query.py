"""Where reading starts: the questions of each part, in one root."""

import strawberry

from schema.anything import NodeQueries
from schema.people import PeopleQueries
from schema.server_info import ServerQueries
from schema.viewer import ViewerQueries


@strawberry.type(description="Where reading starts.")
class Query(ViewerQueries, NodeQueries, PeopleQueries, ServerQueries):
    """Where reading starts."""
