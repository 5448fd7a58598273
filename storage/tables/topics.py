"""Topics: the branches by which the directory of a robot is ordered."""

from dataclasses import dataclass

from sqlalchemy import Column, Table, Text, UniqueConstraint

from storage.tables.base import metadata, own_key, reference

topics = Table(
    "topics",
    metadata,
    own_key(),
    reference("robot_id", "robots", index=False),
    # A path such as science/physics; what stands before its last slash is the topic that it lies under.
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    # The scenario that says who sees it; empty: the robot's topics_visibility.
    Column("visibility", Text, nullable=False, server_default=""),
    UniqueConstraint("robot_id", "name"),
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A branch of a robot's directory; `visibility` is empty where the robot's own scenario governs."""

    id: int
    robot_id: int
    name: str
    title: str
    visibility: str

    @property
    def parent(self) -> str:
        """The name of the topic that this one lies under; empty for a root."""
        return self.name.rpartition("/")[0]
