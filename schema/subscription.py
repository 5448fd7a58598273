"""Where watching starts: the live updates of each part, in one root."""

import strawberry

from schema.federation import FederationSubscriptions
from schema.live import LiveSubscriptions


@strawberry.type(description="Live updates, over graphql-transport-ws or server-sent events.")
class Subscription(LiveSubscriptions, FederationSubscriptions):
    """Where watching starts."""
