"""What is done to many subscriptions at once: reminders, and changing an address everywhere."""

from typing import Annotated, Any

import strawberry

from identity.refusal import NotFound
from lists import moving, reminders
from lists.authorize import authorize
from lists.rights import list_here
from resolvers.context import Info, load, reading
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.lists import decisions
from resolvers.payloads import Payload, UserError, refusable, scoped
from resolvers.scenarios import verdict
from schema.enums.scenarios import ScenarioAction
from schema.inputs.common import Everything
from schema.inputs.robots import AddressMoveInput, MailingListRemindInput, RobotRemindInput
from storage.database import UnitOfWork
from storage.tables.lists import MailingList, Robot
from storage.tables.words import TokenScope

_ASKED = UserError("The new address was asked to confirm by mail.", "CHALLENGE_REQUIRED")
SomeAction = Annotated[ScenarioAction, strawberry.argument(description="What the asker would do.")]


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def mailing_list_remind(
    info: Info, uow: UnitOfWork, input: Annotated[MailingListRemindInput, Everything]
) -> Payload:
    """Remind every member of a list."""
    actor = info.context.actor
    mlist = await list_here(uow, actor, key_of(info.context, input.mailing_list_id, "MailingList"))
    return Payload(reminded=(await reminders.remind(uow, actor, mlist)).count)


@refusable
@scoped(TokenScope.ADMINISTRATE)
async def robot_remind(info: Info, input: Annotated[RobotRemindInput, Everything]) -> Payload:
    """Remind everybody in a domain, in many transactions; once a day at most, so a repeated call does no harm."""
    actor = info.context.actor
    if key_of(info.context, input.robot_id, "Robot") != actor.robot.id:
        raise NotFound(path=("robot_id",))
    return Payload(reminded=(await reminders.remind_everybody(info.context.db, actor)).count)


@refusable
@scoped(TokenScope.SUBSCRIBE)
@idempotent
async def address_move(
    info: Info, uow: UnitOfWork, input: Annotated[AddressMoveInput, Everything]
) -> Payload:
    """Let a new address take the place of an old one everywhere."""
    outcome = await moving.move_user(uow, info.context.actor, input.current_email, input.email)
    return Payload(moved=outcome.count, user_errors=(_ASKED,) if outcome.waits else ())


async def may_on_list(root: strawberry.Parent[MailingList], info: Info, action: SomeAction) -> str:
    """What the list's rules say to the asker about one action."""
    decided: Any = await load(info, decisions, (_operation(action), root))
    return verdict(decided)


async def may_in_robot(root: strawberry.Parent[Robot], info: Info, action: SomeAction) -> str:
    """What the domain's rules say to the asker about one action; another domain's are asked as by a stranger."""
    if root.id != info.context.actor.robot.id:
        return "reject"
    async with reading(info) as reader:
        return verdict(await authorize(reader, info.context.actor, _operation(action), record=False))


def _operation(action: ScenarioAction) -> str:
    return str(action.value)
