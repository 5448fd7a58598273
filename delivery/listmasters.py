"""Mail for the people who run a robot: listmaster, postmaster, abuse (RFC 2142)."""

from mail.automatic import loop_field, loops
from mail.message import Message, message_id, new_message_id, with_fields
from mail.status import Reply
from storage import outgoing, roles
from storage.database import Reader, UnitOfWork
from storage.tables.lists import Robot, Role

_NOBODY = Reply(550, "5.1.1", "nobody reads this address")
_PASSED = Reply(250, "2.0.0", "passed on")
_LOOP = Reply(554, "5.4.6", "this message has been through here before")


async def pass_on(uow: UnitOfWork, robot: Robot, message: Message) -> Reply:
    """Pass a message on to every listmaster of the robot whose address is not the robot's own."""
    people = await _people(uow, robot)
    answer = _answer(robot, message, people)
    if not answer.is_positive:
        return answer
    raw = with_fields(
        message, remove={"return-path", "authentication-results"}, prepend=[loop_field(_here(robot))]
    )
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
    return answer


async def would_pass_on(reader: Reader, robot: Robot, message: Message) -> Reply:
    """What `pass_on` would answer."""
    return _answer(robot, message, await _people(reader, robot))


async def _people(reader: Reader, robot: Robot) -> list[Role]:
    found = await roles.of_robot(reader, robot.id)
    return [each for each in found if not each.address_key.endswith(f"@{robot.domain}")]


def _answer(robot: Robot, message: Message, people: list[Role]) -> Reply:
    if loops(message, _here(robot)):
        return _LOOP
    return _PASSED if people else _NOBODY


def _here(robot: Robot) -> str:
    return f"listmaster.{robot.domain}"
