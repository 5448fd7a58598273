"""When each provider's people were last read, and who is at it now."""

from dataclasses import dataclass

from sqlalchemy import Column, Integer, Table, Text

from storage.tables.base import Time, metadata, reference

sync_runs = Table(
    "sync_runs",
    metadata,
    # What ledger rows name as their source: scope:key.
    Column("source_ref", Text, primary_key=True),
    reference("robot_id", "robots", nullable=True),
    # Whoever holds the row reads; each taking of it counts up, and nobody writes under an old number.
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("worker", Text, nullable=False, server_default=""),
    Column("leased_until", Time),
    Column("started_at", Time),
    Column("finished_at", Time),
    Column("outcome", Text, nullable=False, server_default=""),
    # How many were named the last time, and the last time that was believed.
    Column("seen", Integer, nullable=False, server_default="0"),
    Column("believed", Integer),
    Column("detail", Text, nullable=False, server_default=""),
)


@dataclass(frozen=True, slots=True)
class SyncRun:
    """The latest reading of a provider; `outcome` is done, refused, failed, or "" where none has ended yet."""

    source_ref: str
    fence: int
    worker: str
    leased_until: int | None
    started_at: int | None
    finished_at: int | None
    outcome: str
    seen: int
    believed: int | None
    detail: str
