"""What somebody is at many lists, asked at once, and which list is theirs to act on."""

from collections.abc import Iterable

from identity.actor import Actor
from lists.mailing_lists import NoSuchList, visible_by_id
from lists.offices import Standing, standing_at, standing_by
from lists.relations import Relations
from lists.standing import acting_in, is_elevated, proved_keys
from lists.subaddresses import subaddresses_of
from storage import robots
from storage.database import Reader
from storage.tables.lists import MailingList


async def standings_at(reader: Reader, actor: Actor, mlists: Iterable[MailingList]) -> dict[int, Standing]:
    """As `offices.standing_at`, by list id: at most three statements for each robot however many lists there are."""
    wanted = [*mlists]
    found: dict[int, Standing] = {}
    for robot_id in sorted({mlist.robot_id for mlist in wanted}):
        here = [mlist for mlist in wanted if mlist.robot_id == robot_id]
        found |= await _in_robot(reader, actor, robot_id, here)
    return found


def may_oversee(standing: Standing) -> bool:
    """Whether somebody may see what a list is sending: its owners, moderators and listmasters."""
    return standing.is_owner or standing.moderates or standing.is_listmaster


async def list_here(reader: Reader, actor: Actor, list_id: int) -> MailingList:
    """A list of the actor's own robot that they may see; raises NoSuchList for others, since acts stay in one robot."""
    mlist = await visible_by_id(reader, actor, list_id)
    if mlist.robot_id != actor.robot.id:
        raise NoSuchList
    return mlist


async def _in_robot(
    reader: Reader, actor: Actor, robot_id: int, mlists: list[MailingList]
) -> dict[int, Standing]:
    keys = proved_keys(acting_in(actor, robot_id))
    if actor.is_operator or not keys:
        return {mlist.id: await standing_at(reader, actor, mlist) for mlist in mlists}
    relations = Relations(reader, keys, subaddresses_of(actor.robot), listmasters=not actor.application)
    await relations.load(robot_id, [mlist.id for mlist in mlists])
    robot = actor.robot if actor.robot.id == robot_id else await robots.by_id(reader, robot_id)
    listmasters_own = robot is not None and robot.listmasters_are_owners
    return {
        mlist.id: await standing_by(
            relations,
            actor,
            mlist,
            listmasters_own=listmasters_own or is_elevated(actor, mlist.id, reader.now),
        )
        for mlist in mlists
    }
