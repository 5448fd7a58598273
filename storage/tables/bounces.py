"""What failures add up to for each membership, and waves of failures that are nobody's own fault."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from storage.tables.base import Key, Time, metadata
from storage.tables.words import BounceKind

# One row for each membership that mail comes back from, however many failures there are.
membership_bounces = Table(
    "membership_bounces",
    metadata,
    Column(
        "membership_id",
        Key,
        ForeignKey("memberships.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("list_id", Key, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    # The address that it is about: a membership that has another one since starts anew.
    Column("address_key", Text, nullable=False, index=True),
    Column("domain", Text, nullable=False),
    # The latest failure.
    Column("kind", Text, nullable=False),
    Column("enhanced_status", Text, nullable=False, server_default=""),
    Column("diagnostic", Text, nullable=False, server_default=""),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("first_at", Time, nullable=False),
    Column("last_at", Time, nullable=False),
    # Thousandths. `proved_score` is the part whose failures named the member by a secret or at the mail server itself.
    Column("score", Integer, nullable=False, server_default="0"),
    Column("proved_score", Integer, nullable=False, server_default="0"),
    # The latest failure that counted, or the latest halving.
    Column("scored_at", Time, nullable=False),
    # One failure a day counts: which day that was (days since the epoch), and what it added.
    Column("day", Integer, nullable=False, server_default="0"),
    Column("day_score", Integer, nullable=False, server_default="0"),
    Column("day_proved", Integer, nullable=False, server_default="0"),
    # On which occasion it was added, so that a wave takes it back.
    Column("occasion", Text, nullable=False, server_default=""),
    # The number in the return path of the probe that is out, used up by its bounce.
    Column("probe_number", BigInteger),
    Column("probed_at", Time),
    Column("probe_failed_at", Time),
)
Index("ix_membership_bounces_list_id_score", membership_bounces.c.list_id, membership_bounces.c.score)

# How many of a list's members failed on one occasion (a delivery, or a day), in all ("") and by mail domain.
bounce_waves = Table(
    "bounce_waves",
    metadata,
    Column("list_id", Key, ForeignKey("lists.id", ondelete="CASCADE"), nullable=False),
    Column("occasion", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    # How many might have failed; 0 until it was worth counting.
    Column("members", Integer, nullable=False, server_default="0"),
    Column("started_at", Time, nullable=False, index=True),
    # When it was seen to be a wave; its owners are told at that moment.
    Column("recognized_at", Time),
    PrimaryKeyConstraint("list_id", "occasion", "domain"),
)


@dataclass(frozen=True, slots=True)
class BounceScore:
    """What failures of one membership add up to; scores are in thousandths, `suspended_at` is the membership's own."""

    membership_id: int
    list_id: int
    address_key: str
    domain: str
    kind: BounceKind
    enhanced_status: str
    diagnostic: str
    failures: int
    first_at: int
    last_at: int
    score: int
    proved_score: int
    scored_at: int
    day: int
    day_score: int
    day_proved: int
    occasion: str
    probe_number: int | None
    probed_at: int | None
    probe_failed_at: int | None
    bounce_suspended_at: int | None

    @property
    def id(self) -> int:
        """The number by which the API knows it: its membership's."""
        return self.membership_id


@dataclass(frozen=True, slots=True)
class BounceWave:
    """How many failed on one occasion; `members` is 0 until it was counted."""

    list_id: int
    occasion: str
    domain: str
    failures: int
    members: int
    started_at: int
    recognized_at: int | None
