"""Changes to robots, and what is done to many subscriptions at once, as the API takes them."""

import strawberry

from resolvers import operations, robot_changes
from schema.binding import resolved, shown
from schema.foundations import Payload
from schema.robots import Robot


@strawberry.type(description="Result of robotUpdate.")
class RobotUpdatePayload(Payload):
    """Result of robotUpdate."""

    robot: Robot | None = shown("As it is now.")


@strawberry.type(description="Result of mailingListRemind.")
class MailingListRemindPayload(Payload):
    """Result of mailingListRemind."""

    reminded: int | None = shown("How many members were written to.")


@strawberry.type(description="Result of robotRemind.")
class RobotRemindPayload(Payload):
    """Result of robotRemind."""

    reminded: int | None = shown("How many addresses were written to.")


@strawberry.type(description="Result of addressMove.")
class AddressMovePayload(Payload):
    """Result of addressMove."""

    moved: int | None = shown(
        "How many subscriptions and offices went over; 0 while the new address is asked."
    )


@strawberry.type
class RobotMutations:
    """Changes to robots, and what is done to many subscriptions at once."""

    mailing_list_remind: MailingListRemindPayload = resolved(
        operations.mailing_list_remind, "Mails every member that they are on the list; once a day at most."
    )
    robot_remind: RobotRemindPayload = resolved(
        operations.robot_remind, "Mails everybody in a domain what they are on; once a day at most."
    )
    address_move: AddressMovePayload = resolved(
        operations.address_move,
        "Lets a new address take the place of one's old one on all lists; a new address that is not proved is asked.",
    )

    robot_update: RobotUpdatePayload = resolved(
        robot_changes.robot_update,
        "Changes a domain's settings; for its listmasters. What is left out stays.",
    )
