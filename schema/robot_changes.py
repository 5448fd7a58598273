"""Changes to robots, as the API takes them."""

import strawberry

from resolvers import robot_changes
from schema.binding import resolved, shown
from schema.foundations import Payload
from schema.robots import Robot


@strawberry.type(description="Result of robotUpdate.")
class RobotUpdatePayload(Payload):
    """Result of robotUpdate."""

    robot: Robot | None = shown("As it is now.")


@strawberry.type
class RobotMutations:
    """Changes to robots."""

    robot_update: RobotUpdatePayload = resolved(
        robot_changes.robot_update, "Changes a domain's settings; for its listmasters. What is left out stays."
    )
