"""Topics of robots and of lists, as far as they are shown to the asker."""

import strawberry

from lists.topics import topics_of_list, visible_topics
from resolvers.context import Context, Info, load
from resolvers.robots import robots_by_id
from storage.tables.lists import MailingList, Robot
from storage.tables.topics import Topic


async def topics_by_robot(context: Context, wanted: list[Robot]) -> list[list[Topic]]:
    """A batch: the topics of robots that the asker sees."""
    async with context.db.read() as reader:
        return [await visible_topics(reader, context.actor, robot) for robot in wanted]


async def topics_of_robot(root: strawberry.Parent[Robot], info: Info) -> list[Topic]:
    """The topic tree, flat."""
    found: list[Topic] = await load(info, topics_by_robot, root)
    return found


async def topics_of(root: strawberry.Parent[MailingList], info: Info) -> list[Topic]:
    """The branches that a list is on."""
    if not root.topics:
        return []
    home = info.context.actor.robot
    if root.robot_id != home.id:
        home = await load(info, robots_by_id, root.robot_id)
    return topics_of_list(await load(info, topics_by_robot, home), root)
