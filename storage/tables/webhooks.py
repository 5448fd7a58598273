"""Who may tell of bounces by a signed request, in the robot whose mail they pass on (row 46)."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Column, Table, Text

from storage.tables.base import Time, metadata, own_key, reference


class WebhookKind(StrEnum):
    """How a source signs and what it writes."""

    STANDARD = "standard"
    MAILGUN = "mailgun"
    SENDGRID = "sendgrid"


webhook_sources = Table(
    "webhook_sources",
    metadata,
    own_key(),
    reference("robot_id", "robots"),
    # The last part of the address that it calls, on the whole server.
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    # Where the secret is, never the secret itself.
    Column("secret", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    # When a request that it signed was last taken in.
    Column("heard_at", Time),
)


@dataclass(frozen=True, slots=True)
class WebhookSource:
    """A source; `secret` is a reference such as env:NAME or file:/PATH."""

    id: int
    robot_id: int
    name: str
    kind: WebhookKind
    secret: str
    created_at: int
    heard_at: int | None
