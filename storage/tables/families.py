"""Families of lists: what their lists are made from, and what each list was made with."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text, UniqueConstraint, text

from storage.tables.base import Time, metadata, own_key, reference

families = Table(
    "families",
    metadata,
    own_key(),
    reference("robot_id", "robots", index=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    # Parameters, template and constraints as JSON.
    Column("definition", Text, nullable=False),
    # The local part of its lists' addresses, such as family+{dept}; empty: each list is named by itself.
    Column("address", Text, nullable=False, server_default=""),
    # What such addresses begin with, while mail may make lists; empty: it may not.
    Column("prefix", Text, nullable=False, server_default=""),
    # How long a list made by mail lives without a message, in microseconds.
    Column("idle_lifetime", BigInteger, nullable=False),
    Column("most_lists", Integer, nullable=False),
    # Scenario names of its own; empty: the robot's.
    Column("create_list", Text, nullable=False, server_default=""),
    Column("automatic_list_creation", Text, nullable=False, server_default=""),
    Column("family_signoff", Text, nullable=False, server_default=""),
    # A list whose subscribers a rule may ask about, as [family->family_owners_list].
    Column("owners_list", Text, nullable=False, server_default=""),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    UniqueConstraint("robot_id", "name"),
)

family_instances = Table(
    "family_instances",
    metadata,
    own_key(),
    reference("list_id", "lists", index=False),
    Column("parameters", Text, nullable=False),
    # The settings and offices that its family wrote last, as JSON: what differs now, somebody else changed.
    Column("written", Text, nullable=False),
    Column("is_automatic", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("list_id"),
)


@dataclass(frozen=True, slots=True)
class Family:
    """A pattern that lists of one robot are made from; `idle_lifetime` in microseconds."""

    id: int
    robot_id: int
    name: str
    description: str
    definition: str
    address: str
    prefix: str
    idle_lifetime: int
    most_lists: int
    create_list: str
    automatic_list_creation: str
    family_signoff: str
    owners_list: str
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class FamilyInstance:
    """What a list of a family was made with; both texts are JSON."""

    list_id: int
    parameters: str
    written: str
    is_automatic: bool
