"""The server about itself: version, limits, health."""

from dataclasses import dataclass

from resolvers.context import Context, Info, reading
from resolvers.limits import LIMITS, Limits

SCHEMA_VERSION = "2026-11-21"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What the server says about itself."""

    version: str
    schema_version: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How the server does."""

    status: str
    checked_at: int


def server(_root: object, context: Context) -> ServerInfo:
    """The server about itself."""
    return ServerInfo(context.version, SCHEMA_VERSION, LIMITS)


async def health(info: Info) -> HealthReport:
    """How the server does; that the database answers is seen by asking it."""
    async with reading(info) as reader:
        return HealthReport("OK", reader.now)
