"""What somebody's offices let them do on many lists, asked at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from identity.actor import Actor
from lists.relations import OWNING, Relations
from lists.standing import acting_in, proved_keys
from storage import robots
from storage.database import Reader
from storage.tables.lists import MailingList
from storage.tables.words import RoleKind


@dataclass(frozen=True, slots=True)
class Rights:
    """Whether somebody runs a list, and whether they decide on its messages; as `offices.is_owner` and `may_moderate`."""

    is_owner: bool
    may_moderate: bool

    @property
    def may_oversee(self) -> bool:
        """Whether they may see what waits at the list and what it sends."""
        return self.is_owner or self.may_moderate


_ALL, _NONE = Rights(is_owner=True, may_moderate=True), Rights(is_owner=False, may_moderate=False)


async def rights_on(reader: Reader, actor: Actor, mlists: Iterable[MailingList]) -> dict[int, Rights]:
    """The actor's rights by list id, in at most three statements for each robot however many lists there are."""
    wanted = [*mlists]
    if actor.is_operator:
        return {mlist.id: _ALL for mlist in wanted}
    found: dict[int, Rights] = {}
    for robot_id in sorted({mlist.robot_id for mlist in wanted}):
        here = [mlist for mlist in wanted if mlist.robot_id == robot_id]
        found |= await _in_robot(reader, actor, robot_id, here)
    return found


async def rights(reader: Reader, actor: Actor, mlist: MailingList) -> Rights:
    """The actor's rights on one list."""
    return (await rights_on(reader, actor, [mlist]))[mlist.id]


async def _in_robot(
    reader: Reader, actor: Actor, robot_id: int, mlists: list[MailingList]
) -> dict[int, Rights]:
    keys = proved_keys(acting_in(actor, robot_id))
    if not keys:
        return {mlist.id: _NONE for mlist in mlists}
    relations = Relations(reader, keys)
    await relations.load(robot_id, [mlist.id for mlist in mlists])
    robot = actor.robot if actor.robot.id == robot_id else await robots.by_id(reader, robot_id)
    listmasters_own = robot is not None and robot.listmasters_are_owners
    return {
        mlist.id: await _on_list(relations, actor, mlist, listmasters_own=listmasters_own) for mlist in mlists
    }


async def _on_list(
    relations: Relations, actor: Actor, mlist: MailingList, *, listmasters_own: bool
) -> Rights:
    held: set[RoleKind] = set()
    for key in proved_keys(actor, mlist):
        held |= await relations.kinds(mlist.robot_id, mlist.id, key)
    owns = bool(held & OWNING)
    as_listmaster = RoleKind.LISTMASTER in held and listmasters_own
    decides = RoleKind.EDITOR in held or (
        owns and not await relations.has_editors(mlist.robot_id, mlist.id)
    )
    return Rights(is_owner=owns or as_listmaster, may_moderate=decides or as_listmaster)
