"""People, the ledger of their addresses, and the identities that providers know them by."""

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, text

from storage.tables.base import Time, metadata, own_key, reference
from storage.tables.words import AddressSource, Reception, Strength

people = Table(
    "people",
    metadata,
    own_key(),
    Column("display_name", Text, nullable=False, server_default=""),
    Column("locale", Text, nullable=False, server_default="en"),
    # The main address as given; its ledger rows say whether it counts.
    Column("main_address", Text, nullable=False),
    Column("main_key", Text, nullable=False, index=True),
    Column("created_at", Time, nullable=False),
    # What they like (row 60): an IANA time zone, how long pages are, how they get mail of lists that they join.
    Column("time_zone", Text, nullable=False, server_default=""),
    Column("page_size", Integer, nullable=False, server_default="20"),
    Column("default_reception", Text, nullable=False, server_default="mail"),
    # A copy at each of their addresses on a list instead of one for the person (row 132).
    Column("each_address_gets_a_copy", Boolean, nullable=False, server_default=text("false")),
    # No copy of messages that name them in To or Cc, on lists of which they say nothing else (row 132).
    Column("skips_addressed_copies", Boolean, nullable=False, server_default=text("false")),
    # The number of somebody who is gone is never given to another (row 129).
    sqlite_autoincrement=True,
)

addresses = Table(
    "addresses",
    metadata,
    own_key(),
    reference("person_id", "people"),
    # Provenance is per robot (decision 11); null where it counts on the whole server.
    reference("robot_id", "robots", nullable=True),
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("source_ref", Text, nullable=False, server_default=""),
    Column("strength", Integer, nullable=False),
    # Null: a candidate, which grants nothing (row 118).
    Column("proved_at", Time),
    Column("confirmed_at", Time),
    Column("expires_at", Time),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("person_id", "address_key", "source", "source_ref"),
)

# One row for each address that was ever proved: the lock that keeps it with one person (row 103).
address_holders = Table(
    "address_holders",
    metadata,
    Column("address_key", Text, primary_key=True),
    reference("person_id", "people"),
)

external_identities = Table(
    "external_identities",
    metadata,
    own_key(),
    reference("person_id", "people"),
    reference("robot_id", "robots", nullable=True),
    Column("provider", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("last_used_at", Time),
    # Decision 14: the key is never an address.
    UniqueConstraint("provider", "issuer", "subject"),
)

Index("ix_addresses_person_key", addresses.c.person_id, addresses.c.address_key)


@dataclass(frozen=True, slots=True)
class Person:
    """A human we know, however many addresses."""

    id: int
    display_name: str
    locale: str
    main_address: str
    main_key: str
    created_at: int
    time_zone: str = ""
    page_size: int = 20
    default_reception: Reception = Reception.MAIL
    each_address_gets_a_copy: bool = False
    skips_addressed_copies: bool = False


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What one source says about one address of one person."""

    id: int
    person_id: int
    robot_id: int | None
    address: str
    address_key: str
    source: AddressSource
    source_ref: str
    strength: Strength
    proved_at: int | None
    confirmed_at: int | None
    expires_at: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """A person's account at a provider."""

    id: int
    person_id: int
    robot_id: int | None
    provider: str
    issuer: str
    subject: str
    created_at: int
    last_used_at: int | None
