"""Where reading starts: the questions of each part, in one root."""

import strawberry

from schema.anything import NodeQueries
from schema.decisions import DecisionQueries
from schema.deliveries import DeliveryQueries
from schema.federation import FederationQueries
from schema.lists import MailingListQueries
from schema.people import PeopleQueries
from schema.robots import RobotQueries
from schema.server_info import ServerQueries
from schema.viewer import ViewerQueries


@strawberry.type(description="Where reading starts.")
class Query(
    ViewerQueries,
    NodeQueries,
    PeopleQueries,
    RobotQueries,
    MailingListQueries,
    DecisionQueries,
    DeliveryQueries,
    FederationQueries,
    ServerQueries,
):
    """Where reading starts."""
