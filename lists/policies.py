"""Which scenario text governs an operation: the list's own, its robot's, the site's, or the shipped one."""

from collections.abc import Iterable
from dataclasses import dataclass

from scenarios.library import shipped_text
from storage import scenario_texts
from storage.database import Reader
from storage.tables.lists import MailingList, Robot, ScenarioText

# Operations that a list names a scenario for, and the setting that holds its name.
SETTINGS = {
    "send": "send",
    "subscribe": "subscribe",
    "unsubscribe": "unsubscribe",
    "review": "review",
    "visibility": "visibility",
    "info": "info",
    "add": "add",
    "del": "del_",
    "invite": "invite",
    "archive_web_access": "archive_web_access",
    "archive_mail_access": "archive_web_access",
}
# What governs the operations that no setting names yet.
_FIXED = {"create_list": "listmaster", "remind": "owner"}


@dataclass(frozen=True, slots=True)
class Policy:
    """The name of the governing scenario and its text; None when nobody wrote one, which refuses everything."""

    name: str
    text: str | None


def policy_name(operation: str, mlist: MailingList | None) -> str:
    """The name of the scenario that governs the operation there; empty when there is none."""
    setting = SETTINGS.get(operation)
    if mlist is None or setting is None:
        return _FIXED.get(operation, "")
    return str(getattr(mlist, setting))


async def policy_for(reader: Reader, operation: str, robot: Robot, mlist: MailingList | None) -> Policy:
    """The text that governs an operation on a list, or on a robot when there is no list (requirement 4.1)."""
    name = policy_name(operation, mlist)
    robot_id, list_ids = (robot.id, []) if mlist is None else (mlist.robot_id, [mlist.id])
    written = await scenario_texts.candidates(reader, operation, [name], [robot_id], list_ids)
    return _chosen(operation, name, written)


async def policies_for(reader: Reader, operation: str, mlists: Iterable[MailingList]) -> dict[int, Policy]:
    """The texts that govern an operation on many lists, by list id: one statement."""
    wanted = {mlist.id: (policy_name(operation, mlist), mlist.robot_id) for mlist in mlists}
    written = await scenario_texts.candidates(
        reader,
        operation,
        sorted({name for name, _ in wanted.values()}),
        sorted({robot_id for _, robot_id in wanted.values()}),
        [*wanted],
    )
    by_place: dict[tuple[str, int | None, int | None], ScenarioText] = {
        (one.name, one.robot_id, one.list_id): one for one in written
    }
    own = {one.list_id: one for one in written if one.list_id is not None}
    shared: dict[tuple[str, int], Policy] = {}
    found = {}
    for list_id, (name, robot_id) in wanted.items():
        if list_id in own and own[list_id].name == name:
            found[list_id] = Policy(name, own[list_id].text)
            continue
        if (name, robot_id) not in shared:
            places = [(name, robot_id, None), (name, None, None)]
            shared[name, robot_id] = _chosen(
                operation, name, [by_place[place] for place in places if place in by_place]
            )
        found[list_id] = shared[name, robot_id]
    return found


def _chosen(operation: str, name: str, written: list[ScenarioText]) -> Policy:
    """The first text found wins entirely: list, robot, site, shipped."""
    ranked = sorted(written, key=lambda one: (one.list_id is None, one.robot_id is None))
    return Policy(name, ranked[0].text if ranked else shipped_text(operation, name))
