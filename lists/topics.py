"""Topics order the directory of a robot; whom the policy of one refuses, to them there is no such topic."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from identity.actor import Actor
from identity.refusal import Conflict, Invalid, NotFound
from lists import offices
from lists.authorize import authorize
from lists.robot_settings import ROBOT_SETTINGS
from lists.setting_scenarios import require_scenarios
from lists.settings import BadSetting, parsed
from lists.standing import acting_in
from lists.topic_names import checked_topic
from storage import audit
from storage import topics as stored
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Robot
from storage.tables.topics import Topic

MOST_TOPICS = 500
LONGEST_TITLE = 200
POLICY = "topics_visibility"


class NoSuchTopic(NotFound):
    """There is no such topic."""


class NoParentTopic(Invalid):
    """There is no topic of the name before the last slash; make that one first."""


class TopicHasBranches(Conflict):
    """Other topics lie under this one; remove them first."""


class BadTopicTitle(Invalid):
    """A topic's title is one line of 1 to 200 characters."""


class TooManyTopics(Invalid):
    """A domain has at most 500 topics."""


async def visible_topics(reader: Reader, actor: Actor, robot: Robot) -> list[Topic]:
    """The topics of a robot that their policies show to the actor, in the order of their names, none without its parent.

    One statement, and one question for each policy among them.
    """
    every = await stored.of_robot(reader, robot.id)
    policies = {topic.visibility or robot.topics_visibility for topic in every}
    shown = {policy for policy in sorted(policies) if await _is_shown(reader, actor, robot, policy)}
    found: dict[str, Topic] = {}
    for topic in every:
        if (topic.visibility or robot.topics_visibility) in shown and (
            not topic.parent or topic.parent in found
        ):
            found[topic.name] = topic
    return [*found.values()]


async def _is_shown(reader: Reader, actor: Actor, robot: Robot, policy: str) -> bool:
    # A topic with a scenario of its own is asked about as if the whole robot had that one.
    here = replace(acting_in(actor, robot.id), robot=replace(robot, topics_visibility=policy))
    return (await authorize(reader, here, POLICY)).action == "do_it"


def topics_of_list(visible: Iterable[Topic], mlist: MailingList) -> list[Topic]:
    """Those of the topics that the actor sees which a list is under."""
    names = {*mlist.topics.split()}
    return [topic for topic in visible if topic.name in names]


def branch(visible: Iterable[Topic], name: str) -> frozenset[str]:
    """The names of a topic and of what lies under it, as far as the actor sees it; empty where they see no such topic."""
    names = {topic.name for topic in visible}
    wanted = name.strip().lower()
    if wanted not in names:
        return frozenset()
    return frozenset(each for each in names if each == wanted or each.startswith(f"{wanted}/"))


async def settled(
    reader: Reader, actor: Actor, robot: Robot, values: dict[str, Any], mlist: MailingList | None = None
) -> dict[str, Any]:
    """Settings of a list whose `topics` are known to the actor, together with those that it has and they do not see.

    Raises BadSetting for a topic that does not exist, or not for them.
    """
    if "topics" not in values:
        return values
    known = {topic.name for topic in await visible_topics(reader, actor, robot)}
    wanted, had = {*values["topics"].split()}, {*("" if mlist is None else mlist.topics).split()}
    require_known(wanted, known)
    return {**values, "topics": " ".join(sorted(wanted | (had - known)))}


def require_known(wanted: Iterable[str], known: Iterable[str]) -> None:
    """Raises BadSetting for the first topic that is not known."""
    unknown = sorted({*wanted} - {*known})
    if unknown:
        raise BadSetting(f"There is no topic {unknown[0]!r} in this domain.", path=("topics",))


def checked_words(title: str, visibility: str) -> tuple[str, str]:
    """A topic's title and policy in their stored form; raises BadTopicTitle, BadSetting."""
    line = " ".join(title.split())
    if not 0 < len(line) <= LONGEST_TITLE or not line.isprintable():
        raise BadTopicTitle(path=("title",))
    return line, parsed(ROBOT_SETTINGS, POLICY, visibility) if visibility else ""


async def set_topic(
    uow: UnitOfWork,
    actor: Actor,
    robot: Robot,
    name: str,
    title: str | None = None,
    visibility: str | None = None,
) -> Topic:
    """Make a topic, or change it, for listmasters; what is None stays, `visibility` empty is the robot's own policy.

    Raises ListmastersOnly, BadTopicName, NoParentTopic, BadTopicTitle, BadSetting, TooManyTopics.
    """
    await offices.require_listmaster(uow, actor, robot.id)
    lower = checked_topic(name)
    there = {topic.name: topic for topic in await stored.of_robot(uow, robot.id)}
    before = there.get(lower)
    if before is None and len(there) >= MOST_TOPICS:
        raise TooManyTopics
    if "/" in lower and lower.rpartition("/")[0] not in there:
        raise NoParentTopic(path=("name",))
    words = checked_words(
        title if title is not None else lower.rpartition("/")[2] if before is None else before.title,
        visibility if visibility is not None else "" if before is None else before.visibility,
    )
    await require_scenarios(
        uow, {POLICY: words[1]} if words[1] else {}, robot_id=robot.id, settings=ROBOT_SETTINGS
    )
    topic = await stored.put(uow, robot.id, lower, title=words[0], visibility=words[1])
    await _record(uow, actor, robot, "topic_set", {"name": lower, "title": words[0], "visibility": words[1]})
    return topic


async def remove_topic(uow: UnitOfWork, actor: Actor, robot: Robot, name: str) -> None:
    """Take a topic away, off its lists too; for listmasters. Raises ListmastersOnly, NoSuchTopic, TopicHasBranches."""
    await offices.require_listmaster(uow, actor, robot.id)
    lower = name.strip().lower()
    there = {topic.name for topic in await stored.of_robot(uow, robot.id)}
    if lower not in there:
        raise NoSuchTopic
    if any(each.startswith(f"{lower}/") for each in there):
        raise TopicHasBranches
    await stored.remove(uow, robot.id, lower)
    await _record(uow, actor, robot, "topic_removed", {"name": lower})


async def _record(uow: UnitOfWork, actor: Actor, robot: Robot, event: str, detail: Mapping[str, str]) -> None:
    await audit.record(uow, event, actor=actor.sender, via=actor.via, robot_id=robot.id, detail={**detail})
