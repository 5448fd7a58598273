"""What the queue knows beside its packets: domains to be gentle with, switches, and who works on it."""

from dataclasses import dataclass

from sqlalchemy import Column, Integer, Table, Text

from storage.tables.base import Time, metadata, own_key, reference

# What 4xx answers taught about a recipients' domain; a row goes when nothing is left of it.
domain_paces = Table(
    "domain_paces",
    metadata,
    Column("domain", Text, primary_key=True),
    # How many packets for it each worker may have in hand.
    Column("most", Integer, nullable=False),
    # Microseconds that its next pause lasts, and until when the present one does.
    Column("pause", Time, nullable=False),
    Column("paused_until", Time, nullable=False),
    # The answer that taught it.
    Column("reply", Text, nullable=False, server_default=""),
    Column("updated_at", Time, nullable=False),
)

# While there is a row nothing is leased: for one robot, or without one for all.
queue_stops = Table(
    "queue_stops",
    metadata,
    own_key(),
    reference("robot_id", "robots", nullable=True),
    Column("since", Time, nullable=False),
    Column("actor", Text, nullable=False),
)

# Every running process of ours, as it registered itself (rows 24, 29).
nodes = Table(
    "nodes",
    metadata,
    # Unlike that of any other process, also of one on a copy of this machine.
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False, server_default=""),
    # What it has to say about itself, as JSON: a worker says how it finds the mail servers.
    Column("detail", Text, nullable=False, server_default="{}"),
    Column("started_at", Time, nullable=False),
    Column("seen_at", Time, nullable=False),
)


@dataclass(frozen=True, slots=True)
class DomainPace:
    """How gently a domain is treated; `most` packets at once for each worker, none until `paused_until`."""

    domain: str
    most: int
    pause: int
    paused_until: int
    reply: str
    updated_at: int


@dataclass(frozen=True, slots=True)
class QueueStop:
    """Nothing leaves; `robot_id` None: of the whole server."""

    robot_id: int | None
    since: int
    actor: str


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A process that registered itself."""

    name: str
    role: str
    host: str
    pid: int
    version: str
    detail: str
    started_at: int
    seen_at: int
