"""What lets somebody in: credentials, sessions, tickets, tokens, all as hashes."""

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from storage.tables.base import Time, metadata, own_key, reference
from storage.tables.words import SignInMethod, Strength, TicketPurpose

credentials = Table(
    "credentials",
    metadata,
    own_key(),
    reference("person_id", "people"),
    Column("kind", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    # When somebody last came in with it.
    Column("last_used_at", Time),
    UniqueConstraint("person_id", "kind"),
)

sessions = Table(
    "sessions",
    metadata,
    own_key(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    reference("person_id", "people"),
    reference("robot_id", "robots"),
    Column("method", Text, nullable=False),
    Column("strength", Integer, nullable=False),
    # The address that the person signed in under: the scenario language's [sender].
    Column("address", Text, nullable=False),
    Column("user_agent", Text, nullable=False, server_default=""),
    Column("needs_password_change", Boolean, nullable=False, server_default="0"),
    Column("created_at", Time, nullable=False),
    Column("authenticated_at", Time, nullable=False),
    Column("last_seen_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("revoked_at", Time),
    # Until then this session's own answers say how they came about (row 81).
    Column("debug_until", Time),
    # Until then whoever runs the domain counts in this session as an owner of this list (row 85).
    reference("elevated_list_id", "lists", nullable=True, index=False, cascade=False),
    Column("elevated_until", Time),
    # Which account at which provider opened it (scope:kind issuer), and the provider's own name for that sign-in.
    Column("provider", Text, nullable=False, server_default=""),
    Column("provider_subject", Text, nullable=False, server_default=""),
    Column("provider_session", Text, nullable=False, server_default=""),
    # What the provider needs for signing out there, sealed.
    Column("provider_kept", Text, nullable=False, server_default=""),
    Column("acr", Text, nullable=False, server_default=""),
    Column("second_factor_at", Time),
    # Whoever has to have a second factor here and has none may only read until there is one.
    Column("needs_second_factor", Boolean, nullable=False, server_default="0"),
    # The application that speaks for the person in this session, what for, and what it says of them (rows 43 to 45).
    reference("application_id", "applications", nullable=True),
    Column("scopes", Text, nullable=False, server_default=""),
    Column("assertions", Text, nullable=False, server_default="{}"),
)
Index("ix_sessions_provider_subject", sessions.c.provider, sessions.c.provider_subject)

tickets = Table(
    "tickets",
    metadata,
    own_key(),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("purpose", Text, nullable=False),
    reference("robot_id", "robots"),
    reference("list_id", "lists", nullable=True),
    reference("person_id", "people", nullable=True),
    reference("session_id", "sessions", nullable=True),
    Column("address", Text, nullable=False, index=True),
    Column("payload", Text, nullable=False, server_default="{}"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time),
    Column("used_at", Time),
)

tokens = Table(
    "tokens",
    metadata,
    own_key(),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    reference("person_id", "people"),
    Column("label", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    # Scope words, space separated, as OAuth writes them.
    Column("scopes", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("last_used_at", Time),
    Column("expires_at", Time),
    Column("revoked_at", Time),
)

attempts = Table(
    "attempts",
    metadata,
    own_key(),
    # Who is counted (an address key, a network, an operation), hashed: no personal data at rest.
    Column("subject_hash", LargeBinary, nullable=False, index=True),
    Column("happened_at", Time, nullable=False, index=True),
)

idempotency = Table(
    "idempotency",
    metadata,
    own_key(),
    Column("asker", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("mutation_key", Text, nullable=False),
    Column("input_hash", LargeBinary, nullable=False),
    Column("answer", Text),
    Column("created_at", Time, nullable=False, index=True),
    UniqueConstraint("asker", "operation", "mutation_key"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of a person in a robot."""

    id: int
    person_id: int
    robot_id: int
    method: SignInMethod
    strength: Strength
    address: str
    user_agent: str
    needs_password_change: bool
    created_at: int
    authenticated_at: int
    last_seen_at: int
    expires_at: int
    revoked_at: int | None
    debug_until: int | None = None
    elevated_list_id: int | None = None
    elevated_until: int | None = None
    provider: str = ""
    provider_subject: str = ""
    provider_session: str = ""
    provider_kept: str = ""
    acr: str = ""
    second_factor_at: int | None = None
    needs_second_factor: bool = False
    application_id: int | None = None
    scopes: str = ""
    assertions: str = "{}"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Our single-use secret by mail, good for one purpose."""

    id: int
    purpose: TicketPurpose
    robot_id: int
    list_id: int | None
    person_id: int | None
    session_id: int | None
    address: str
    payload: str
    attempts: int
    created_at: int
    expires_at: int | None
    used_at: int | None


@dataclass(frozen=True, slots=True)
class Token:
    """The bearer secret of an API client."""

    id: int
    person_id: int
    label: str
    prefix: str
    scopes: str
    created_at: int
    last_used_at: int | None
    expires_at: int | None
    revoked_at: int | None
