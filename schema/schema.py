"""The one schema, put together out of its roots."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.mutation import Mutation
from schema.query import Query
from schema.robots import FormIdentityProvider, RedirectIdentityProvider, TicketIdentityProvider
from schema.scalars import SCALARS
from schema.subscription import Subscription

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    # Reached through their interface only.
    types=[FormIdentityProvider, RedirectIdentityProvider, TicketIdentityProvider],
    config=StrawberryConfig(scalar_map=SCALARS),
)
