"""Robots, lists with their typed settings, offices, memberships and scenario texts."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, text

from storage.tables.base import Time, metadata, own_key, reference
from storage.tables.words import (
    BounceDigest,
    Complaint,
    ConsentMode,
    Incoming,
    ListStatus,
    Merge,
    Origin,
    Personalization,
    Protection,
    Reception,
    RoleKind,
    TellsPeers,
    Visibility,
)

robots = Table(
    "robots",
    metadata,
    own_key(),
    Column("domain", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False, server_default=""),
    Column("description", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False, server_default="en"),
    # Base of mailed links; empty: the server's own (never the Host header, pitfall 46).
    Column("public_url", Text, nullable=False, server_default=""),
    Column("listmasters_are_owners", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", Time, nullable=False),
    # Scenario names of the operations that are asked of the whole domain.
    Column("create_list", Text, nullable=False, server_default="listmaster"),
    Column("move_user", Text, nullable=False, server_default="auth"),
    Column("topics_visibility", Text, nullable=False, server_default="noconceal"),
    Column("automatic_list_creation", Text, nullable=False, server_default="listmaster"),
    Column("family_signoff", Text, nullable=False, server_default="auth"),
    Column("global_remind", Text, nullable=False, server_default="listmaster"),
    Column("spam_status", Text, nullable=False, server_default="x-spam-status"),
    # How scenarios are read and asked here (decision 6 and the Sympa-compatible dialect).
    Column("dkim_method", Text, nullable=False, server_default="own"),
    Column("scenario_dialect", Text, nullable=False, server_default="postroom"),
    Column("blocklist_operations", Text, nullable=False, server_default=""),
    Column("subaddress_domains", Text, nullable=False, server_default=""),
    # Whether it is kept who was let into reading something.
    Column("decisions_of_reads", Text, nullable=False, server_default="all"),
    # Whether mail that an address demonstrably wrote lets it count for a year more (row 119).
    Column("dkim_confirms", Boolean, nullable=False, server_default=text("false")),
    # Whether our own mails are signed, and whether posts that came by mail are sealed (ARC).
    Column("dkim_sign_services", Boolean, nullable=False, server_default=text("true")),
    Column("arc_seal", Boolean, nullable=False, server_default=text("true")),
    # Domains whose seal on a chain of forwarders is believed (RFC 8617), separated by spaces.
    Column("trusted_sealers", Text, nullable=False, server_default=""),
    # The most that people here may let other servers be asked; what those that ask get of addresses without an account
    # (or at all, where never); whether people may leave and pause through them.
    Column("federation_outgoing", Text, nullable=False, server_default="all_trusted"),
    Column("federation_incoming", Text, nullable=False, server_default="ask"),
    Column("federation_acts", Boolean, nullable=False, server_default=text("false")),
)

lists = Table(
    "lists",
    metadata,
    own_key(),
    reference("robot_id", "robots", index=False),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("description", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False, server_default="en"),
    Column("status", Text, nullable=False, server_default="open"),
    # Scenario names, one column for each operation.
    Column("send", Text, nullable=False, server_default="private"),
    Column("subscribe", Text, nullable=False, server_default="open"),
    Column("unsubscribe", Text, nullable=False, server_default="open"),
    Column("review", Text, nullable=False, server_default="owner"),
    Column("visibility", Text, nullable=False, server_default="conceal"),
    Column("info", Text, nullable=False, server_default="open"),
    Column("add", Text, nullable=False, server_default="auth"),
    Column("del", Text, nullable=False, server_default="auth"),
    Column("invite", Text, nullable=False, server_default="owner"),
    Column("remind", Text, nullable=False, server_default="owner"),
    Column("archive_web_access", Text, nullable=False, server_default="private"),
    Column("archive_mail_access", Text, nullable=False, server_default="private"),
    Column("d_read", Text, nullable=False, server_default="private"),
    Column("d_edit", Text, nullable=False, server_default="owner"),
    Column("tracking", Text, nullable=False, server_default="owner"),
    # 0 first … 9 last; 10 is "z": queued and never sent (row 30).
    Column("priority", Integer, nullable=False, server_default="5"),
    Column("personalization", Text, nullable=False, server_default="never"),
    # Each how many-th message is one copy for each where that is sampled, and how many such a list has sent (row 59).
    Column("verp_every", Integer, nullable=False, server_default="10"),
    Column("verp_count", Integer, nullable=False, server_default="0"),
    Column("subject_tag", Text, nullable=False, server_default=""),
    Column("message_size_limit", BigInteger, nullable=False, server_default="5242880"),
    # Bytes for all shared documents together (0: none are shared), and for one file.
    Column("documents_quota", BigInteger, nullable=False, server_default="1073741824"),
    Column("document_size_limit", BigInteger, nullable=False, server_default="104857600"),
    # Which of a person's addresses count here, by kind of operation (row 106).
    Column("alt_email_policy", Text, nullable=False, server_default="ANY"),
    Column("custom_vars", Text, nullable=False, server_default=""),
    # Names of topics of its robot, separated by spaces.
    Column("topics", Text, nullable=False, server_default=""),
    Column("reply_to_list", Boolean, nullable=False, server_default=text("false")),
    # Templates that are put above and below each message, and whose posts are templates themselves (row 55).
    Column("header", Text, nullable=False, server_default=""),
    Column("footer", Text, nullable=False, server_default=""),
    Column("footer_html", Text, nullable=False, server_default=""),
    Column("merge", Text, nullable=False, server_default="never"),
    # What is done where a post would fail its author's domain's DMARC policy, under which policies, and for whom never.
    Column("dmarc_protection", Text, nullable=False, server_default="munge"),
    Column("dmarc_policies", Text, nullable=False, server_default="quarantine reject"),
    Column("dmarc_exempt_domains", Text, nullable=False, server_default=""),
    # More than these are held for an editor (row 52 of the anchors); 0 for no limit.
    Column("most_posts_per_hour", Integer, nullable=False, server_default="2000"),
    Column("most_posts_per_author_per_hour", Integer, nullable=False, server_default="500"),
    # What failures add up to (thousandths) before a member gets own copies, and before a probe decides (row 78).
    Column("bounce_warn_score", Integer, nullable=False, server_default="2000"),
    Column("bounce_suspend_score", Integer, nullable=False, server_default="5000"),
    Column("bounce_decay_days", Integer, nullable=False, server_default="14"),
    Column("bounce_probe", Boolean, nullable=False, server_default=text("true")),
    Column("bounce_probe_days", Integer, nullable=False, server_default="7"),
    Column("bounce_complaint", Text, nullable=False, server_default="leave"),
    Column("bounce_digest", Text, nullable=False, server_default="daily"),
    # When the owners were last sent what comes back.
    Column("bounce_digest_at", Time),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("latest_message_at", Time),
    # Which posts are signed, by how surely their authors were known (row 50).
    Column("dkim_sign_posts", Text, nullable=False, server_default="any"),
    # What other list servers may be told of members who agreed.
    Column("tells_peers", Text, nullable=False, server_default="open"),
    reference("family_id", "families", nullable=True, cascade=False),
    UniqueConstraint("robot_id", "name"),
)

roles = Table(
    "roles",
    metadata,
    own_key(),
    reference("robot_id", "robots"),
    # Null: an office of the whole robot (listmaster).
    reference("list_id", "lists", nullable=True),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False, index=True),
    # The key without a +tag, for recognition only (row 115).
    Column("base_key", Text, nullable=False, index=True, server_default=""),
    Column("display_name", Text, nullable=False, server_default=""),
    Column("reception", Text, nullable=False, server_default="mail"),
    Column("is_shown", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", Time, nullable=False),
    UniqueConstraint("list_id", "kind", "address_key"),
)

memberships = Table(
    "memberships",
    metadata,
    own_key(),
    reference("list_id", "lists", index=False),
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False, index=True),
    # The key without a +tag, for recognition only (row 115).
    Column("base_key", Text, nullable=False, server_default=""),
    Column("domain", Text, nullable=False),
    Column("display_name", Text, nullable=False, server_default=""),
    Column("reception", Text, nullable=False, server_default="mail"),
    Column("visibility", Text, nullable=False, server_default="noconceal"),
    Column("origin", Text, nullable=False, server_default="subscribed"),
    # Delivery is off inside [from, until); computed at read time, so it returns by itself (row 113).
    Column("suspended_from", Time),
    Column("suspended_until", Time),
    Column("is_moderated", Boolean, nullable=False, server_default=text("false")),
    Column("is_bouncing", Boolean, nullable=False, server_default=text("false")),
    # Nothing is sent any more since then, as a probe came back; the subscription stays (row 78).
    Column("bounce_suspended_at", Time),
    Column("attributes", Text, nullable=False, server_default="{}"),
    Column("subscribed_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    # Whose it is where the person holds it and not the address: it follows their main address (row 131).
    reference("person_id", "people", nullable=True, cascade=False),
    # Which of their addresses somebody chose for the one copy that they get here (row 132).
    Column("is_preferred", Boolean, nullable=False, server_default=text("false")),
    # No copy of a message that names its person in To or Cc; null where their account decides (row 132).
    Column("skips_addressed_copies", Boolean),
    # A pause of everything that somebody gets, apart from the one of this list, which it leaves as it is (row 113).
    Column("away_from", Time),
    Column("away_until", Time),
    UniqueConstraint("list_id", "address_key"),
    # One-click tokens never expire, so the number of somebody who left is never given to another.
    sqlite_autoincrement=True,
)
# Keyset pages and expansion walk one list in the order of ids or of domains.
Index("ix_memberships_list_id_id", memberships.c.list_id, memberships.c.id)
Index("ix_memberships_list_id_base_key", memberships.c.list_id, memberships.c.base_key)
# With the address in it, a packet's recipients are read from neighbouring pages of the index alone.
Index(
    "ix_memberships_list_id_domain_id_address",
    memberships.c.list_id,
    memberships.c.domain,
    memberships.c.id,
    memberships.c.address,
)

scenario_texts = Table(
    "scenario_texts",
    metadata,
    own_key(),
    # Both null: site; robot only: domain; both: list (lookup order of requirement 4.1).
    reference("robot_id", "robots", nullable=True),
    reference("list_id", "lists", nullable=True),
    Column("operation", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("updated_at", Time, nullable=False),
)
Index("ix_scenario_texts_lookup", scenario_texts.c.operation, scenario_texts.c.name)


@dataclass(frozen=True, slots=True)
class Robot:
    """A mail domain with its own lists, defaults and sign-in."""

    id: int
    domain: str
    title: str
    description: str
    language: str
    public_url: str
    listmasters_are_owners: bool
    created_at: int
    create_list: str = "listmaster"
    move_user: str = "auth"
    topics_visibility: str = "noconceal"
    automatic_list_creation: str = "listmaster"
    family_signoff: str = "auth"
    global_remind: str = "listmaster"
    spam_status: str = "x-spam-status"
    dkim_method: str = "own"
    scenario_dialect: str = "postroom"
    blocklist_operations: str = ""
    subaddress_domains: str = ""
    decisions_of_reads: str = "all"
    dkim_confirms: bool = False
    dkim_sign_services: bool = True
    arc_seal: bool = True
    trusted_sealers: str = ""
    federation_outgoing: ConsentMode = ConsentMode.ALL_TRUSTED
    federation_incoming: Incoming = Incoming.ASK
    federation_acts: bool = False


@dataclass(frozen=True, slots=True)
class MailingList:
    """A list and all of its settings, with its robot's domain."""

    id: int
    robot_id: int
    domain: str
    name: str
    subject: str
    description: str
    language: str
    status: ListStatus
    send: str
    subscribe: str
    unsubscribe: str
    review: str
    visibility: str
    info: str
    add: str
    del_: str
    invite: str
    remind: str
    archive_web_access: str
    archive_mail_access: str
    d_read: str
    d_edit: str
    tracking: str
    priority: int
    personalization: Personalization
    subject_tag: str
    message_size_limit: int
    documents_quota: int
    document_size_limit: int
    alt_email_policy: str
    custom_vars: str
    topics: str
    reply_to_list: bool
    header: str
    footer: str
    footer_html: str
    merge: Merge
    created_at: int
    updated_at: int
    latest_message_at: int | None
    family_id: int | None = None
    dmarc_protection: Protection = Protection.MUNGE
    dmarc_policies: str = "quarantine reject"
    dmarc_exempt_domains: str = ""
    verp_every: int = 10
    bounce_warn_score: int = 2000
    bounce_suspend_score: int = 5000
    bounce_decay_days: int = 14
    bounce_probe: bool = True
    bounce_probe_days: int = 7
    bounce_complaint: Complaint = Complaint.LEAVE
    bounce_digest: BounceDigest = BounceDigest.DAILY
    most_posts_per_hour: int = 2000
    most_posts_per_author_per_hour: int = 500
    dkim_sign_posts: str = "any"
    tells_peers: TellsPeers = TellsPeers.OPEN

    @property
    def address(self) -> str:
        """The posting address."""
        return f"{self.name}@{self.domain}"

    @property
    def strict_main_address(self) -> bool:
        """Whether no alternate address counts for anything here."""
        return self.alt_email_policy == "MAIN_ONLY"


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody's office on a list, or on a robot when `list_id` is None."""

    id: int
    robot_id: int
    list_id: int | None
    kind: RoleKind
    address: str
    address_key: str
    display_name: str
    reception: Reception
    is_shown: bool
    created_at: int


@dataclass(frozen=True, slots=True)
class Membership:
    """One address on one list."""

    id: int
    list_id: int
    address: str
    address_key: str
    domain: str
    display_name: str
    reception: Reception
    visibility: Visibility
    origin: Origin
    suspended_from: int | None
    suspended_until: int | None
    is_moderated: bool
    is_bouncing: bool
    attributes: str
    subscribed_at: int
    updated_at: int
    person_id: int | None = None
    is_preferred: bool = False
    skips_addressed_copies: bool | None = None
    away_from: int | None = None
    away_until: int | None = None


@dataclass(frozen=True, slots=True)
class ScenarioText:
    """A scenario that somebody wrote for a site, a robot or a list."""

    id: int
    robot_id: int | None
    list_id: int | None
    operation: str
    name: str
    text: str
    updated_at: int
