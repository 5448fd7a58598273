"""The server about itself, as the API shows it."""

import strawberry

from resolvers import limits, server_info
from resolvers import peers as known
from schema.binding import computed, mirrors, resolved, shown
from schema.enums.identity import HealthStatus
from schema.federation import FederationIdentity
from schema.scalars import ByteSize, DateTime


@strawberry.type(description="What the server refuses.")
@mirrors(limits.Limits)
class ServerLimits:
    """What the server refuses."""

    max_page_size: int = shown("Largest page.")
    max_depth: int = shown("Deepest query.")
    max_cost: int = shown("Costliest query.")
    max_aliases: int = shown("Aliases in a query.")
    max_root_fields: int = shown("Root fields in an operation.")
    max_request_size: ByteSize = computed(lambda found, _: found.max_body_size, "Largest request.")
    is_batching_enabled: bool = computed(lambda _found, _: False, "Arrays of requests are taken.")


@strawberry.type(description="How the server does.")
@mirrors(server_info.HealthReport)
class Health:
    """How the server does."""

    status: HealthStatus = shown("In one word.")
    checked_at: DateTime = shown("When.")


@strawberry.type(description="The server itself.")
@mirrors(server_info.ServerInfo)
class Server:
    """The server itself."""

    version: str = shown("Version.")
    schema_version: str = shown("Date of the schema, YYYY-MM-DD.")
    limits: ServerLimits = shown("What it refuses.")
    health: Health | None = resolved(server_info.health, "How it does; null when it cannot tell.")
    federation: FederationIdentity = computed(known.identity, "How peers know it.")


@strawberry.type
class ServerQueries:
    """Questions about the server."""

    server: Server = computed(server_info.server, "Version, limits, health.")
