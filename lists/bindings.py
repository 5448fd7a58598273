"""Which scenario decides what on a list, where its text is written, and what its rules are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from identity.actor import Actor
from lists.offices import is_listmaster
from lists.policies import SETTINGS, policy_name
from lists.rights import standings_at
from scenarios.cache import assembled, compiled
from scenarios.dialect import Dialect
from scenarios.errors import MalformedScenario
from scenarios.library import shipped_names, shipped_text
from scenarios.operations import OPERATIONS as GOVERNED
from scenarios.syntax import Rule, Scenario
from storage import scenario_texts
from storage.database import Reader
from storage.tables.lists import MailingList, Robot, ScenarioText

Origin = Literal["list", "robot", "server"]
Places = dict[tuple[str, str, int | None, int | None], ScenarioText]
OPERATIONS = tuple(SETTINGS)


@dataclass(frozen=True, slots=True)
class Binding:
    """The scenario of one operation; `rules` is empty when its text is missing, broken or not for the asker's eyes.

    `source` is the text itself for those eyes; `is_shipped` says that it came with the program and is everybody's.
    """

    operation: str
    name: str
    title: str
    rules: tuple[Rule, ...]
    origin: Origin
    source: str | None = None
    is_shipped: bool = True


async def nameable(reader: Reader, actor: Actor, robot: Robot) -> list[Binding]:
    """The scenarios that a robot's lists can name, by operation and name: one statement, and one for the actor's office.

    Names and titles are for everybody; the rules of those that somebody wrote only for the robot's listmasters.
    """
    may_read = await is_listmaster(reader, actor, robot.id)
    dialect = Dialect(robot.scenario_dialect)
    rows = await scenario_texts.visible_from(reader, robot_id=robot.id, list_id=None)
    nearest: dict[tuple[str, str], ScenarioText] = {}
    for row in sorted(rows, key=lambda row: row.robot_id is None):
        nearest.setdefault((row.operation, row.name), row)
    shipped = {(operation, name) for operation in GOVERNED for name in shipped_names(operation)}
    found = []
    for operation, name in sorted(shipped | {key for key in nearest if key[0] in GOVERNED}):
        written = nearest.get((operation, name))
        text = shipped_text(operation, name, dialect=dialect) if written is None else written.text
        found.append(
            _shown(
                operation, name, text, written, robot.language, dialect, is_shown=written is None or may_read
            )
        )
    return found


async def bindings_of(
    reader: Reader, actor: Actor, mlists: Iterable[MailingList]
) -> dict[int, list[Binding]]:
    """The scenarios of many lists by list id: one statement, and three for the actor's rights.

    A text that comes with the program may be read by everybody; one that is written here may name people, so its rules
    are for the list's owners.
    """
    wanted = [*mlists]
    held = await standings_at(reader, actor, wanted)
    written = await scenario_texts.of_all_operations(
        reader,
        sorted({policy_name(operation, mlist, actor.robot) for mlist in wanted for operation in OPERATIONS}),
        sorted({mlist.robot_id for mlist in wanted}),
        [mlist.id for mlist in wanted],
    )
    places = {(one.operation, one.name, one.robot_id, one.list_id): one for one in written}
    language = actor.robot.language
    return {
        mlist.id: [
            _binding(operation, mlist, actor.robot, places, language, is_owner=held[mlist.id].is_owner)
            for operation in OPERATIONS
        ]
        for mlist in wanted
    }


def _nearest(places: Places, operation: str, name: str, mlist: MailingList) -> ScenarioText | None:
    """The text that somebody wrote for the list, its robot or the site; None where the shipped one holds."""
    order = ((mlist.robot_id, mlist.id), (None, mlist.id), (mlist.robot_id, None), (None, None))
    return next(
        (places[operation, name, *place] for place in order if (operation, name, *place) in places), None
    )


def _binding(
    operation: str, mlist: MailingList, robot: Robot, places: Places, language: str, *, is_owner: bool
) -> Binding:
    name = policy_name(operation, mlist, robot)
    written = _nearest(places, operation, name, mlist)
    dialect = Dialect(robot.scenario_dialect)
    text = shipped_text(operation, name, dialect=dialect) if written is None else written.text
    return _shown(operation, name, text, written, language, dialect, is_shown=written is None or is_owner)


def _shown(
    operation: str,
    name: str,
    text: str | None,
    written: ScenarioText | None,
    language: str,
    dialect: Dialect,
    *,
    is_shown: bool,
) -> Binding:
    try:
        scenario = None if text is None else _read(text, operation, name, dialect)
    except MalformedScenario:
        scenario = None
    return Binding(
        operation,
        name,
        name if scenario is None else scenario.title(language),
        scenario.rules if scenario is not None and is_shown else (),
        _origin(written),
        text if is_shown else None,
        written is None,
    )


def _read(text: str, operation: str, name: str, dialect: Dialect) -> Scenario:
    """The text's own rules, without what it includes."""
    if dialect is Dialect.SYMPA:
        return assembled(text, operation=operation, name=name, includes={}, dialect=dialect)
    return compiled(text, operation=operation, name=name)


def _origin(written: ScenarioText | None) -> Origin:
    if written is None or (written.robot_id is None and written.list_id is None):
        return "server"
    return "robot" if written.list_id is None else "list"
