"""What somebody may do on a list by office, where the question is a role and not a scenario."""

from identity.actor import Actor
from identity.refusal import Forbidden, Refused
from lists.relations import OWNING, Relations
from lists.standing import acting_in, proved_keys
from storage import robots
from storage.database import Reader
from storage.tables.lists import MailingList
from storage.tables.words import ModerationKind, RoleKind, TokenScope


class OwnersOnly(Forbidden):
    """Only the owners of this list may do this."""


class ListmastersOnly(Forbidden):
    """Only the listmasters of this domain may do this."""


class ModeratorsOnly(Forbidden):
    """Only the moderators of this list may do this."""


class TokenTooNarrow(Forbidden):
    """This token may not be used for that; make one with the scope it needs."""


async def offices_held(reader: Reader, actor: Actor, mlist: MailingList) -> frozenset[RoleKind]:
    """The offices that the actor holds on a list and its robot, through any proved address (row 124).

    One statement. A request that proves nothing holds no office; on a strict list only the presented address counts.
    """
    keys = proved_keys(actor, mlist)
    if not keys:
        return frozenset()
    relations = Relations(reader, keys)
    held: set[RoleKind] = set()
    for key in keys:
        held |= await relations.kinds(mlist.robot_id, mlist.id, key)
    return frozenset(held)


async def is_listmaster(reader: Reader, actor: Actor, robot_id: int) -> bool:
    """Whether the actor is a listmaster of the robot, or the operator."""
    if actor.is_operator:
        return True
    relations = Relations(reader, keys := proved_keys(acting_in(actor, robot_id)))
    for key in keys:
        if RoleKind.LISTMASTER in await relations.kinds(robot_id, None, key):
            return True
    return False


async def is_owner(reader: Reader, actor: Actor, mlist: MailingList) -> bool:
    """Whether the actor runs the list; listmasters do unless their robot says otherwise (row 85)."""
    if actor.is_operator:
        return True
    held = await offices_held(reader, actor, mlist)
    return bool(held & OWNING) or (
        RoleKind.LISTMASTER in held and await _listmasters_own(reader, actor, mlist)
    )


async def may_moderate(reader: Reader, actor: Actor, mlist: MailingList) -> bool:
    """Whether the actor decides on messages: editors, owners where there are none, listmasters who own."""
    if actor.is_operator:
        return True
    keys = proved_keys(actor, mlist)
    if not keys:
        return False
    relations = Relations(reader, keys)
    held: set[RoleKind] = set()
    for key in keys:
        held |= await relations.kinds(mlist.robot_id, mlist.id, key)
    if RoleKind.EDITOR in held:
        return True
    if held & OWNING and not await relations.has_editors(mlist.robot_id, mlist.id):
        return True
    return RoleKind.LISTMASTER in held and await _listmasters_own(reader, actor, mlist)


async def may_decide(reader: Reader, actor: Actor, mlist: MailingList, kind: ModerationKind) -> bool:
    """Whether the actor decides on waiting items of this kind: people are the owners' business."""
    if kind is ModerationKind.MESSAGE:
        return await may_moderate(reader, actor, mlist)
    if kind is ModerationKind.LIST_CREATION:
        return await is_listmaster(reader, actor, mlist.robot_id)
    return await is_owner(reader, actor, mlist)


async def require_owner(reader: Reader, actor: Actor, mlist: MailingList) -> None:
    """Raises OwnersOnly, or TokenTooNarrow for a token that may not own."""
    require_scope(actor, TokenScope.OWN)
    if not await is_owner(reader, actor, mlist):
        raise OwnersOnly


async def require_listmaster(reader: Reader, actor: Actor, robot_id: int) -> None:
    """Raises ListmastersOnly, or TokenTooNarrow for a token that may not administrate."""
    require_scope(actor, TokenScope.ADMINISTRATE)
    if not await is_listmaster(reader, actor, robot_id):
        raise ListmastersOnly


def require_scope(actor: Actor, scope: TokenScope, refusal: type[Refused] = TokenTooNarrow) -> None:
    """Raises TokenTooNarrow when the actor's token was not made for this."""
    if not actor.may(scope):
        raise refusal


async def _listmasters_own(reader: Reader, actor: Actor, mlist: MailingList) -> bool:
    if actor.robot.id == mlist.robot_id:
        return actor.robot.listmasters_are_owners
    robot = await robots.by_id(reader, mlist.robot_id)
    return robot is not None and robot.listmasters_are_owners
