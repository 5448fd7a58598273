"""Applications that may speak for people: what each is trusted with, its keys, people's leave, and what was used up."""

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, LargeBinary, Table, Text, UniqueConstraint

from storage.tables.base import Time, metadata, own_key, reference

applications = Table(
    "applications",
    metadata,
    own_key(),
    reference("robot_id", "robots", index=False),
    Column("client_id", Text, nullable=False, unique=True),
    # A name is never given twice in a robot, so that what was written down under it stays true.
    Column("name", Text, nullable=False),
    # Words with spaces between: operations of scenarios, token scopes, names of variables, domains, networks.
    Column("operations", Text, nullable=False, server_default=""),
    Column("scopes", Text, nullable=False, server_default=""),
    Column("assertable", Text, nullable=False, server_default=""),
    # Variables that it always has, whatever it says itself: a JSON object.
    Column("fixed", Text, nullable=False, server_default="{}"),
    Column("domains", Text, nullable=False, server_default=""),
    Column("networks", Text, nullable=False, server_default=""),
    Column("requires_grant", Boolean, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("last_used_at", Time),
    Column("revoked_at", Time),
    UniqueConstraint("robot_id", "name"),
)

application_keys = Table(
    "application_keys",
    metadata,
    own_key(),
    reference("application_id", "applications", index=False),
    # The RFC 7638 thumbprint.
    Column("kid", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    # The public key as RFC 7517 writes it, with nothing private in it.
    Column("jwk", Text, nullable=False),
    Column("not_before", Time),
    Column("not_after", Time),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("application_id", "kid"),
)

application_grants = Table(
    "application_grants",
    metadata,
    own_key(),
    reference("application_id", "applications", index=False),
    reference("person_id", "people"),
    Column("scopes", Text, nullable=False),
    Column("granted_at", Time, nullable=False),
    UniqueConstraint("application_id", "person_id"),
)

# Ids of assertions that may be used once: the next use meets the row. Kept until they could not be used anyhow.
seen_assertions = Table(
    "seen_assertions",
    metadata,
    own_key(),
    Column("namespace", Text, nullable=False),
    Column("id_hash", LargeBinary, nullable=False),
    Column("expires_at", Time, nullable=False, index=True),
    UniqueConstraint("namespace", "id_hash"),
)


@dataclass(frozen=True, slots=True)
class Application:
    """A program that a robot trusts to speak for people, within these limits."""

    id: int
    robot_id: int
    client_id: str
    name: str
    operations: str
    scopes: str
    assertable: str
    fixed: str
    domains: str
    networks: str
    requires_grant: bool
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class ApplicationKey:
    """A public key that an application signs with, good from `not_before` until `not_after`."""

    id: int
    application_id: int
    kid: str
    algorithm: str
    jwk: str
    not_before: int | None
    not_after: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class ApplicationGrant:
    """A person's leave for an application."""

    id: int
    application_id: int
    person_id: int
    scopes: str
    granted_at: int
