"""What a person shows beside a first proof: authenticators, passkeys and recovery codes (row 32)."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint

from storage.tables.base import Time, metadata, own_key, reference


class FactorKind(StrEnum):
    """What a second factor is."""

    TOTP = "totp"
    PASSKEY = "passkey"


second_factors = Table(
    "second_factors",
    metadata,
    own_key(),
    reference("person_id", "people"),
    # Null: asked for in every robot. Else set up by a session that only this robot vouches for, and asked for here alone.
    reference("robot_id", "robots", nullable=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    # The shared secret of an authenticator, sealed; the public key of a passkey.
    Column("secret", Text, nullable=False),
    # A passkey's own name, and the host that it is good for; "" for an authenticator.
    Column("credential", Text, nullable=False, server_default=""),
    Column("host", Text, nullable=False, server_default=""),
    # The latest time step of an authenticator, or count of signatures of a passkey, that was believed: none is twice.
    Column("latest", Time, nullable=False, server_default="0"),
    Column("created_at", Time, nullable=False),
    Column("last_used_at", Time),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    own_key(),
    reference("person_id", "people", index=False),
    Column("number", Integer, nullable=False),
    Column("code_hash", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("used_at", Time),
    UniqueConstraint("person_id", "number"),
)


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """One authenticator or passkey of a person."""

    id: int
    person_id: int
    robot_id: int | None
    kind: FactorKind
    label: str
    secret: str
    credential: str
    host: str
    latest: int
    created_at: int
    last_used_at: int | None
