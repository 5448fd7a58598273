"""What happens to accounts as they live: alerts, addresses that two people claim, joined accounts, and those about to go."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Integer, Table, Text, UniqueConstraint

from storage.tables.base import Key, Time, metadata, own_key, reference
from storage.tables.words import AddressSource, Strength


class AlertKind(StrEnum):
    """What a person is told in their account."""

    ADDRESS_LAPSES = "address_lapses"
    ADDRESS_BOUNCES = "address_bounces"
    DELIVERY_STOPPED = "delivery_stopped"
    ADDRESS_CONFLICT = "address_conflict"
    IDENTITY_LINKED = "identity_linked"
    SECOND_ACCOUNT = "second_account"


class RemovalReason(StrEnum):
    """Why an account is about to be removed."""

    UNUSED = "unused"
    OPERATOR = "operator"


alerts = Table(
    "alerts",
    metadata,
    own_key(),
    reference("person_id", "people", index=False),
    Column("kind", Text, nullable=False),
    # Which address it is about, as its key; "" for none.
    Column("address_key", Text, nullable=False, server_default=""),
    # What tells two alerts of a kind apart, such as the instant at which an address lapses; 0 where one is enough.
    Column("moment", Time, nullable=False, server_default="0"),
    Column("detail", Text, nullable=False, server_default="{}"),
    Column("created_at", Time, nullable=False),
    # A row stays, so that nobody is told twice.
    Column("dismissed_at", Time),
    UniqueConstraint("person_id", "kind", "address_key", "moment"),
)

# Somebody has shown that they read an address's mail, or a provider says that it is theirs; another account has it.
address_claims = Table(
    "address_claims",
    metadata,
    own_key(),
    reference("person_id", "people", index=False),
    reference("holder_id", "people"),
    reference("robot_id", "robots"),
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False),
    # The ledger row that it becomes once the holder agrees.
    Column("source", Text, nullable=False),
    Column("source_ref", Text, nullable=False, server_default=""),
    Column("strength", Integer, nullable=False),
    reference("counts_in", "robots", nullable=True),
    Column("lasts", Time, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("decided_at", Time),
    Column("decision", Text, nullable=False, server_default=""),
    UniqueConstraint("person_id", "holder_id", "address_key"),
)

merges = Table(
    "merges",
    metadata,
    own_key(),
    reference("keeper_id", "people"),
    # Empty once the account that was joined is gone for good.
    reference("gone_id", "people", nullable=True, cascade=False),
    reference("robot_id", "robots", nullable=True, cascade=False),
    # Both accounts as they were: the numbers of the rows that went over, and the keeper's main address.
    Column("snapshot", Text, nullable=False),
    Column("gone_address", Text, nullable=False),
    Column("merged_at", Time, nullable=False),
    Column("undoable_until", Time, nullable=False),
    Column("undone_at", Time),
)

removals = Table(
    "removals",
    metadata,
    Column(
        "person_id", Key, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("reason", Text, nullable=False),
    Column("started_at", Time, nullable=False),
    Column("due_at", Time, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should know of their account; `detail` is a JSON object."""

    id: int
    person_id: int
    kind: AlertKind
    address_key: str
    moment: int
    detail: str
    created_at: int
    dismissed_at: int | None


@dataclass(frozen=True, slots=True)
class AddressClaim:
    """`person_id` has shown their side of an address that `holder_id` has; `lasts` is how long the proof would hold."""

    id: int
    person_id: int
    holder_id: int
    robot_id: int
    address: str
    address_key: str
    source: AddressSource
    source_ref: str
    strength: Strength
    counts_in: int | None
    lasts: int
    created_at: int
    expires_at: int
    decided_at: int | None
    decision: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Two accounts that were joined; `snapshot` is a JSON object."""

    id: int
    keeper_id: int
    gone_id: int | None
    robot_id: int | None
    snapshot: str
    gone_address: str
    merged_at: int
    undoable_until: int
    undone_at: int | None


@dataclass(frozen=True, slots=True)
class Removal:
    """An account that goes at `due_at`, unless it is used before."""

    person_id: int
    reason: RemovalReason
    started_at: int
    due_at: int
