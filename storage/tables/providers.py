"""How people come in through others: each robot's providers, begun sign-ins, and what providers say of people beside addresses."""

from dataclasses import dataclass

from sqlalchemy import Column, Integer, LargeBinary, Table, Text, UniqueConstraint

from storage.tables.base import Time, metadata, own_key, reference

auth_configs = Table(
    "auth_configs",
    metadata,
    # A robot's domain, or * for the server's own.
    Column("scope", Text, primary_key=True),
    reference("robot_id", "robots", nullable=True),
    # As it was read, secrets being references only.
    Column("document", Text, nullable=False),
    Column("updated_at", Time, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    own_key(),
    Column("handle_hash", LargeBinary, nullable=False, unique=True),
    # Whoever's browser began it: nobody else's can end it (pitfall 15).
    Column("browser_hash", LargeBinary, nullable=False),
    reference("robot_id", "robots"),
    Column("provider", Text, nullable=False),
    # Somebody signed in wants to add the provider to their account.
    reference("session_id", "sessions", nullable=True),
    Column("stage", Text, nullable=False),
    # What the stage needs, sealed.
    Column("kept", Text, nullable=False, server_default=""),
    Column("return_to", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False, index=True),
    Column("used_at", Time),
)

attributes = Table(
    "attributes",
    metadata,
    own_key(),
    reference("person_id", "people", index=False),
    # Provenance is per robot, as that of addresses.
    reference("robot_id", "robots", nullable=True),
    Column("name", Text, nullable=False),
    Column("values_json", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_ref", Text, nullable=False, server_default=""),
    Column("updated_at", Time, nullable=False),
    Column("expires_at", Time),
    UniqueConstraint("person_id", "name", "source", "source_ref"),
)


@dataclass(frozen=True, slots=True)
class AuthDocument:
    """A robot's file of providers as it is stored: JSON."""

    scope: str
    document: str
    updated_at: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in that has begun at a provider."""

    id: int
    browser_hash: bytes
    robot_id: int
    provider: str
    session_id: int | None
    stage: str
    kept: str
    return_to: str
    tries: int
    created_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class StoredAttribute:
    """What one source says about a person under one name; `values_json` is a JSON array of texts."""

    person_id: int
    name: str
    values_json: str
    source: str
    source_ref: str
    updated_at: int
    expires_at: int | None
