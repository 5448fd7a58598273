"""What scenarios answered to whom, kept for some weeks so that everybody concerned can be told why."""

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, text

from storage.tables.base import Time, metadata, reference

decisions = Table(
    "decisions",
    metadata,
    # Begins with the instant and ends with 80 random bits: in the order of time, and nobody guesses one.
    Column("id", Text, primary_key=True),
    Column("at", Time, nullable=False, index=True),
    reference("robot_id", "robots", index=False),
    reference("list_id", "lists", nullable=True, index=False),
    reference("person_id", "people", nullable=True),
    Column("operation", Text, nullable=False),
    # The address that the request was presented under, `nobody` for strangers, and the one that it was about.
    Column("sender", Text, nullable=False),
    Column("target", Text, nullable=False, server_default=""),
    Column("via", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("strength", Text, nullable=False, server_default=""),
    Column("action", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("quiet", Boolean, nullable=False, server_default="0"),
    Column("scenario", Text, nullable=False, server_default=""),
    Column("origin", Text, nullable=False, server_default=""),
    Column("line", Integer),
    Column("condition", Text, nullable=False, server_default=""),
    Column("element", Text, nullable=False, server_default=""),
    Column("text_hash", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    # The Message-ID, where a message was decided on.
    Column("message_id", Text, nullable=False, server_default=""),
    # The rules tried, as JSON; only where the answer was not a plain yes.
    Column("trace", Text, nullable=False, server_default="[]"),
    # How often it was asked alike within a minute; a row for each time would be one for each look at a page.
    Column("times", Integer, nullable=False, server_default="1"),
    # Somebody was let in who only read, by no elevation: not for the eyes of the list's owners.
    Column("is_plain_read", Boolean, nullable=False, server_default=text("false")),
)
Index("ix_decisions_list_at", decisions.c.list_id, decisions.c.at, decisions.c.id)


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """One answer of a scenario, as it was given."""

    id: str
    at: int
    robot_id: int
    list_id: int | None
    person_id: int | None
    operation: str
    sender: str
    target: str
    via: str
    method: str
    strength: str
    action: str
    reason: str
    quiet: bool
    scenario: str
    origin: str
    line: int | None
    condition: str
    element: str
    text_hash: str
    error: str
    message_id: str
    trace: str
    times: int = 1
    is_plain_read: bool = False
