"""Everything there is as a plan: robots, lists, settings that differ from the usual, offices, never a secret."""

from typing import Any

import yaml

from lists.offices import OFFICES
from lists.robot_settings import ROBOT_SETTINGS, robot_defaults
from lists.settings import SETTINGS, defaults
from storage import lists, robots, roles, topics
from storage.database import Reader
from storage.tables.lists import MailingList, Robot, Role
from storage.tables.topics import Topic
from storage.tables.words import ListStatus

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


async def export(reader: Reader) -> str:
    """The whole service as YAML that `read_plan` takes back; the same state always gives the same bytes.

    Settings at their default are left out, so that a later default can reach them; closed lists are, too.
    """
    document = {"robots": {robot.domain: await _robot(reader, robot) for robot in await robots.every(reader)}}
    return yaml.dump(document, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=110)


async def _robot(reader: Reader, robot: Robot) -> dict[str, Any]:
    held: dict[int, list[Role]] = {}
    for role in await roles.of_lists_of_robot(reader, robot.id):
        held.setdefault(role.list_id or 0, []).append(role)
    found: dict[str, Any] = {"title": robot.title}
    listmasters = [role.address for role in await roles.of_robot(reader, robot.id)]
    if listmasters:
        found["listmasters"] = sorted(listmasters)
    usual = robot_defaults()
    found |= {
        name: value if isinstance(value, bool) else ROBOT_SETTINGS[name].show(value)
        for name, value in robots.values_of(robot).items()
        if value != usual[name]
    }
    named = {each.name: _topic(each) for each in await topics.of_robot(reader, robot.id)}
    if named:
        found["topics"] = named
    found["lists"] = {
        mlist.name: _list(mlist, held.get(mlist.id, []))
        for mlist in await lists.of_robot(reader, robot.id)
        if mlist.status is ListStatus.OPEN
    }
    return found


def _topic(topic: Topic) -> str | dict[str, str]:
    return {"title": topic.title, "visibility": topic.visibility} if topic.visibility else topic.title


def _list(mlist: MailingList, held: list[Role]) -> dict[str, Any]:
    usual = defaults()
    found: dict[str, Any] = {
        name: _plain(name, value) for name, value in lists.values_of(mlist).items() if value != usual[name]
    }
    for name, kind in OFFICES.items():
        addresses = [role.address for role in held if role.kind is kind]
        if addresses:
            found[name] = addresses
    return found


def _plain(name: str, value: Any) -> Any:
    """Booleans as YAML's own, everything else as the text that sets it."""
    return value if isinstance(value, bool) else SETTINGS[name].show(value)
