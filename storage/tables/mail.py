"""Messages kept byte for byte, what waits for a decision, deliveries, packets, exceptional recipients, bounces, audit."""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.tables.base import Key, Time, metadata, own_key, reference
from storage.tables.words import (
    BounceKind,
    DeliveryKind,
    DeliveryStatus,
    MessageState,
    ModerationKind,
    ModerationState,
    PacketState,
    RecipientState,
)

messages = Table(
    "messages",
    metadata,
    own_key(),
    reference("list_id", "lists", index=False),
    # The Message-ID, or a made-up one; one list takes each only once (row 52 of the anchors).
    Column("message_id", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("in_reply_to", Text, nullable=False, server_default=""),
    Column("received_at", Time, nullable=False),
    # What was found out about its origin when it came, as JSON; its rules read the same when it is confirmed.
    Column("mail_results", Text, nullable=False, server_default="{}"),
    # Not null: readable in the archive since then.
    Column("archived_at", Time),
    # The name in permalinks: unguessable, stable.
    Column("archive_key", Text, nullable=False, unique=True),
    # What it says, whatever its Message-ID: by this a storm is known.
    Column("content_hash", Text, nullable=False, server_default=""),
    UniqueConstraint("list_id", "message_id"),
)
# All that is asked about a storm, so that no message is read for it.
Index(
    "ix_messages_list_received",
    messages.c.list_id,
    messages.c.received_at,
    messages.c.state,
    messages.c.author,
    messages.c.content_hash,
)
Index("ix_messages_list_archived", messages.c.list_id, messages.c.archived_at, messages.c.id)

moderation = Table(
    "moderation",
    metadata,
    own_key(),
    reference("list_id", "lists", index=False),
    Column("kind", Text, nullable=False),
    reference("message_id", "messages", nullable=True),
    Column("author", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("payload", Text, nullable=False, server_default="{}"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("received_at", Time, nullable=False),
    Column("decided_at", Time),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
)
Index("ix_moderation_list_state_id", moderation.c.list_id, moderation.c.state, moderation.c.id)

Index(
    "ix_moderation_waiting",
    moderation.c.author,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)

deliveries = Table(
    "deliveries",
    metadata,
    own_key(),
    reference("robot_id", "robots"),
    # Null for service mail that is about no list.
    reference("list_id", "lists", nullable=True),
    reference("message_id", "messages", nullable=True, cascade=False),
    Column("kind", Text, nullable=False),
    Column("internet_message_id", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("reverse_path", Text, nullable=False),
    Column("personalization", Text, nullable=False, server_default="never"),
    Column("priority", Integer, nullable=False, server_default="5"),
    Column("status", Text, nullable=False, server_default="queued"),
    Column("total", Integer, nullable=False),
    Column("accepted", Integer, nullable=False, server_default="0"),
    Column("created_at", Time, nullable=False),
    Column("started_at", Time),
    Column("finished_at", Time),
    # Temporary failures are retried until then (5 days).
    Column("give_up_at", Time, nullable=False),
    # Up to which membership a big list is cut into packets, null when it is wholly; who joined after the last gets nothing.
    Column("expanded_to", BigInteger),
    Column("last_member", BigInteger),
    # How surely the author was known, and whether an editor said yes: what the list's policy on signing asks for.
    Column("proofs", Text, nullable=False, server_default=""),
    # Since when it has had its priority, if not from the beginning: what has waited long moves up.
    Column("queued_at", Time),
)
# What goes over the wire, once for all recipients of an identical body (row 27). Apart from its delivery, whose counts
# change with every packet, so that a large message is written once and not each time.
outgoing_messages = Table(
    "outgoing_messages",
    metadata,
    Column(
        "delivery_id",
        Key,
        ForeignKey("deliveries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("raw", LargeBinary, nullable=False),
    # What our checks said when it came: the payload of ARC-Authentication-Results; "" where it did not come by mail.
    Column("authentication_results", Text, nullable=False, server_default=""),
    # Where each recipient's own text goes into `raw`, as JSON; empty where all get the same (row 55).
    Column("slots", Text, nullable=False, server_default=""),
)
# By this a provider names what it could not deliver (row 46).
Index("ix_deliveries_internet_message_id", deliveries.c.internet_message_id)
Index(
    "ix_deliveries_open",
    deliveries.c.priority,
    deliveries.c.id,
    sqlite_where=text("status IN ('queued', 'running')"),
    postgresql_where=text("status IN ('queued', 'running')"),
)

packets = Table(
    "packets",
    metadata,
    own_key(),
    reference("delivery_id", "deliveries", index=False),
    Column("seq", Integer, nullable=False),
    # A JSON array of membership ids, or null where `address` names the one recipient.
    Column("member_ids", Text),
    Column("address", Text),
    Column("recipient_count", Integer, nullable=False),
    # Recipients before this place are settled; a copy each moves it by one, a shared copy by all.
    Column("position", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default="new"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Time, nullable=False),
    Column("leased_until", Time),
    # Grows with each lease; a writer that holds an older one is refused. It is the moment of the lease, or one more than the
    # last: a database that lost a lease as it died must not give the same number again.
    Column("fence", BigInteger().with_variant(Integer(), "sqlite"), nullable=False, server_default="0"),
    Column("worker", Text, nullable=False, server_default=""),
    Column("finished_at", Time),
    # Where all of its recipients are; "" where several small domains share it.
    Column("domain", Text, nullable=False, server_default=""),
    # Whether each recipient gets a copy of their own (rows 57-59).
    Column("is_personal", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("delivery_id", "seq"),
)
Index(
    "ix_packets_waiting",
    packets.c.delivery_id,
    packets.c.due_at,
    packets.c.id,
    sqlite_where=text("state = 'new'"),
    postgresql_where=text("state = 'new'"),
)
Index(
    "ix_packets_leased",
    packets.c.delivery_id,
    packets.c.leased_until,
    sqlite_where=text("state = 'leased'"),
    postgresql_where=text("state = 'leased'"),
)

recipients = Table(
    "exceptional_recipients",
    metadata,
    own_key(),
    reference("delivery_id", "deliveries", index=False),
    Column("membership_id", BigInteger),
    Column("address", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("reply_code", Integer),
    Column("enhanced_status", Text, nullable=False, server_default=""),
    Column("reply", Text, nullable=False, server_default=""),
    Column("updated_at", Time, nullable=False),
    UniqueConstraint("delivery_id", "address"),
)

bounces = Table(
    "bounces",
    metadata,
    own_key(),
    reference("list_id", "lists"),
    reference("delivery_id", "deliveries", nullable=True, cascade=False),
    Column("membership_id", BigInteger, index=True),
    Column("address", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("enhanced_status", Text, nullable=False, server_default=""),
    Column("diagnostic", Text, nullable=False, server_default=""),
    Column("received_at", Time, nullable=False),
)

# What all lists together have learnt of an address (row 133); a row goes when the mailbox answers again.
bouncing_addresses = Table(
    "bouncing_addresses",
    metadata,
    Column("address_key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("enhanced_status", Text, nullable=False, server_default=""),
    Column("first_at", Time, nullable=False),
    Column("last_at", Time, nullable=False),
    # When its person was told, through another address.
    Column("told_at", Time),
)

audit = Table(
    "audit",
    metadata,
    own_key(),
    reference("robot_id", "robots", nullable=True),
    reference("list_id", "lists", nullable=True),
    reference("person_id", "people", nullable=True, cascade=False),
    # Who did it, how, and to whom.
    Column("actor", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default="{}"),
    Column("happened_at", Time, nullable=False),
)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message that a list took in, without its bytes."""

    id: int
    list_id: int
    message_id: str
    author: str
    subject: str
    size: int
    state: MessageState
    in_reply_to: str
    received_at: int
    archived_at: int | None
    archive_key: str


@dataclass(frozen=True, slots=True)
class ModerationItem:
    """Something that waits, or waited, for a decision."""

    id: int
    list_id: int
    kind: ModerationKind
    message_id: int | None
    author: str
    subject: str
    payload: str
    state: ModerationState
    received_at: int
    decided_at: int | None
    decided_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to its recipients, without its bytes."""

    id: int
    robot_id: int
    list_id: int | None
    message_id: int | None
    kind: DeliveryKind
    internet_message_id: str
    subject: str
    reverse_path: str
    personalization: str
    priority: int
    status: DeliveryStatus
    total: int
    accepted: int
    created_at: int
    started_at: int | None
    finished_at: int | None
    give_up_at: int
    expanded_to: int | None = None
    last_member: int | None = None
    proofs: str = ""


@dataclass(frozen=True, slots=True)
class Packet:
    """One copy of a delivery for several recipients, or the copies of each."""

    id: int
    delivery_id: int
    seq: int
    member_ids: str | None
    address: str | None
    recipient_count: int
    position: int
    state: PacketState
    attempts: int
    due_at: int
    leased_until: int | None
    fence: int
    worker: str
    domain: str = ""
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class ExceptionalRecipient:
    """A recipient whose answer was not a plain acceptance."""

    id: int
    delivery_id: int
    membership_id: int | None
    address: str
    state: RecipientState
    attempts: int
    reply_code: int | None
    enhanced_status: str
    reply: str
    updated_at: int


@dataclass(frozen=True, slots=True)
class Bounce:
    """A failure that came back for one member."""

    id: int
    list_id: int
    delivery_id: int | None
    membership_id: int | None
    address: str
    kind: BounceKind
    enhanced_status: str
    diagnostic: str
    received_at: int


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what, when, by which way."""

    id: int
    robot_id: int | None
    list_id: int | None
    person_id: int | None
    actor: str
    via: str
    event: str
    address: str
    detail: str
    happened_at: int
