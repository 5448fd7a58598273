"""The keys that sign what leaves (row 50; anchor 40)."""

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Column, Table, Text, UniqueConstraint

from storage.tables.base import Time, metadata, own_key, reference


class Algorithm(StrEnum):
    """What kind of key signs."""

    RSA2048 = "rsa2048"
    ED25519 = "ed25519"


class KeyState(StrEnum):
    """What a key is for just now."""

    NEW = "new"
    ACTIVE = "active"
    RETIRED = "retired"


dkim_keys = Table(
    "dkim_keys",
    metadata,
    own_key(),
    reference("robot_id", "robots", index=False),
    # Null: signs for the whole domain, but for lists that have keys of their own.
    reference("list_id", "lists", nullable=True),
    Column("selector", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    # The private half, sealed with the server's secret; the public half as the DNS shows it.
    Column("private_key", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="new"),
    Column("created_at", Time, nullable=False),
    Column("activated_at", Time),
    Column("retired_at", Time),
    # Until when the DNS must go on showing a retired key, for mail that is still on its way.
    Column("published_until", Time),
    UniqueConstraint("robot_id", "selector"),
)


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key of a domain or of one list; its text shows no secret."""

    id: int
    robot_id: int
    list_id: int | None
    selector: str
    algorithm: Algorithm
    private_key: str = field(repr=False)
    public_key: str
    state: KeyState
    created_at: int
    activated_at: int | None
    retired_at: int | None
    published_until: int | None
