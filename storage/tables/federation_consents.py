"""Whom people let other list servers ask and tell, how addresses are named to each of those, and how often they asked."""

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, UniqueConstraint

from storage.tables.base import Time, metadata, own_key, reference
from storage.tables.words import AddressVerdict, ConsentDirection, ConsentMode

federation_policies = Table(
    "federation_policies",
    metadata,
    own_key(),
    reference("person_id", "people", index=False),
    Column("outgoing", Text, nullable=False),
    Column("incoming", Text, nullable=False),
    Column("updated_at", Time, nullable=False),
    UniqueConstraint("person_id"),
)

# The peers that somebody chose, or stopped.
federation_choices = Table(
    "federation_choices",
    metadata,
    own_key(),
    reference("person_id", "people", index=False),
    reference("peer_id", "peers"),
    Column("direction", Text, nullable=False),
    Column("is_allowed", Boolean, nullable=False),
    Column("decided_at", Time, nullable=False),
    UniqueConstraint("person_id", "peer_id", "direction"),
)

# What was said behind a mailed link, of an address that is on lists here.
federation_address_consents = Table(
    "federation_address_consents",
    metadata,
    own_key(),
    reference("peer_id", "peers", index=False),
    Column("address_key", Text, nullable=False, index=True),
    Column("verdict", Text, nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("decided_at", Time),
    UniqueConstraint("peer_id", "address_key"),
)

# The names of our addresses between us and a peer, under the pair's keys: "theirs ours", by thumbprint.
federation_handles = Table(
    "federation_handles",
    metadata,
    own_key(),
    reference("peer_id", "peers", index=False),
    Column("pair", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("address_key", Text, nullable=False),
    UniqueConstraint("peer_id", "pair", "handle"),
)
Index(
    "ix_federation_handles_address",
    federation_handles.c.peer_id,
    federation_handles.c.pair,
    federation_handles.c.address_key,
)

# The last membership whose address has its name under a pair's keys.
federation_handle_marks = Table(
    "federation_handle_marks",
    metadata,
    own_key(),
    reference("peer_id", "peers", index=False),
    Column("pair", Text, nullable=False),
    Column("membership_id", Time, nullable=False),
    UniqueConstraint("peer_id", "pair"),
)

# How often a peer asked about a name on its latest day, and since which day it knows it; nothing of what it was told.
federation_lookups = Table(
    "federation_lookups",
    metadata,
    own_key(),
    reference("peer_id", "peers", index=False),
    Column("subject", Text, nullable=False),
    Column("first_day", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    UniqueConstraint("peer_id", "subject"),
)

# Since which day a peer asks under a pair of keys, and how many it may ask about anew because names changed with them.
federation_pairs = Table(
    "federation_pairs",
    metadata,
    own_key(),
    reference("peer_id", "peers", index=False),
    Column("theirs", Text, nullable=False),
    Column("ours", Text, nullable=False),
    Column("first_day", Integer, nullable=False),
    Column("allowance", Integer, nullable=False),
    UniqueConstraint("peer_id", "theirs", "ours"),
)

# Tokens by which peers know that an address's own person asks: the asker's side; sealed.
federation_tokens = Table(
    "federation_tokens",
    metadata,
    own_key(),
    reference("person_id", "people", index=False),
    reference("peer_id", "peers"),
    Column("address_key", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("person_id", "peer_id", "address_key"),
)


@dataclass(frozen=True, slots=True)
class FederationPolicy:
    """What somebody decided about all peers."""

    person_id: int
    outgoing: ConsentMode
    incoming: ConsentMode
    updated_at: int


@dataclass(frozen=True, slots=True)
class FederationChoice:
    """What somebody decided about one peer."""

    person_id: int
    peer_id: int
    direction: ConsentDirection
    is_allowed: bool
    decided_at: int


@dataclass(frozen=True, slots=True)
class PairTerm:
    """A pair of keys, by thumbprint, under which a peer asks since a day (since the epoch)."""

    theirs: str
    ours: str
    first_day: int
    allowance: int


@dataclass(frozen=True, slots=True)
class Proof:
    """That an address was shown to be somebody's; `robot_id` None for the whole server."""

    address_key: str
    robot_id: int | None
    person_id: int
    proved_at: int
    confirmed_at: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class AddressConsent:
    """What an address said about one peer, or that it was asked."""

    peer_id: int
    address_key: str
    verdict: AddressVerdict
    asked_at: int
    decided_at: int | None
