"""Other list servers that this one knows, and the keys by which they know this one."""

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Integer, Table, Text, UniqueConstraint, text

from storage.tables.base import Time, metadata, own_key
from storage.tables.words import PeerEvidence, PeerTrust

peers = Table(
    "peers",
    metadata,
    own_key(),
    # Host, with its port where that is not the usual one.
    Column("domain", Text, nullable=False, unique=True),
    Column("issuer", Text, nullable=False, unique=True),
    Column("endpoint", Text, nullable=False),
    Column("trust", Text, nullable=False),
    # What its document says: versions, capabilities, domains of its lists, limits, contact; JSON.
    Column("said", Text, nullable=False, server_default="{}"),
    # Its public keys that are believed, a JSON array; see federation/peer_keys.py.
    Column("keys", Text, nullable=False, server_default="[]"),
    # Thumbprints that an administrator compared, separated by spaces.
    Column("pinned", Text, nullable=False, server_default=""),
    # Why it needs an administrator's look; "" for nothing.
    Column("alert", Text, nullable=False, server_default=""),
    Column("created_at", Time, nullable=False),
    Column("fetched_at", Time, nullable=False),
    Column("last_success_at", Time),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("retry_at", Time),
    # How long its last good answer took, and when and how it failed last, by the word of the API; "" for never.
    Column("last_latency_ms", Integer),
    Column("last_failure_at", Time),
    Column("last_failure", Text, nullable=False, server_default=""),
    # What has to show that a question is the address's own, and whether people may leave and pause through it.
    Column("evidence", Text, nullable=False, server_default="consent"),
    Column("allows_acts", Boolean, nullable=False, server_default=text("false")),
)

# Our own key pairs: one to sign with and one to agree on pairs' secrets with, for each term.
federation_keys = Table(
    "federation_keys",
    metadata,
    own_key(),
    Column("kid", Text, nullable=False),
    Column("curve", Text, nullable=False),
    # The private half, sealed.
    Column("secret", Text, nullable=False),
    # Announced from the row's making on, used from `not_before`, and published until `not_after`.
    Column("created_at", Time, nullable=False),
    Column("not_before", Time, nullable=False),
    Column("not_after", Time),
    UniqueConstraint("kid"),
)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another list server, as this one knows it."""

    id: int
    domain: str
    issuer: str
    endpoint: str
    trust: PeerTrust
    said: str
    keys: str
    pinned: str
    alert: str
    created_at: int
    fetched_at: int
    last_success_at: int | None
    failures: int
    retry_at: int | None
    evidence: PeerEvidence = PeerEvidence.CONSENT
    allows_acts: bool = False
    last_latency_ms: int | None = None
    last_failure_at: int | None = None
    last_failure: str = ""


@dataclass(frozen=True, slots=True)
class FederationKey:
    """One of our own key pairs, its private half sealed."""

    id: int
    kid: str
    curve: str
    secret: str
    created_at: int
    not_before: int
    not_after: int | None
