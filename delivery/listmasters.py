"""Mail for the people who run a robot: listmaster, postmaster, abuse (RFC 2142)."""

from mail.automatic import loop_field, loops
from mail.message import Message, message_id, new_message_id, with_fields
from mail.status import Reply
from storage import outgoing, roles
from storage.database import UnitOfWork
from storage.tables.lists import Robot

_NOBODY = Reply(550, "5.1.1", "nobody reads this address")
_LOOP = Reply(554, "5.4.6", "this message has been through here before")


async def pass_on(uow: UnitOfWork, robot: Robot, message: Message) -> Reply:
    """Pass a message on to every listmaster of the robot whose address is not the robot's own."""
    here = f"listmaster.{robot.domain}"
    if loops(message, here):
        return _LOOP
    people = [
        each
        for each in await roles.of_robot(uow, robot.id)
        if not each.address_key.endswith(f"@{robot.domain}")
    ]
    if not people:
        return _NOBODY
    raw = with_fields(message, remove={"return-path"}, prepend=[loop_field(here)])
    for person in people:
        await outgoing.enqueue(
            uow,
            robot_id=robot.id,
            to=person.address,
            outgoing=raw,
            reverse_path="",
            subject=message.first("Subject") or "",
            message_id=message_id(message) or new_message_id(robot.domain),
        )
    return Reply(250, "2.0.0", "passed on")
