"""Which scenario decides what on a list, where its text is written, and what its rules are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from identity.actor import Actor
from lists.policies import SETTINGS, policy_name
from lists.rights import standings_at
from lists.standing import acting_in
from scenarios.cache import compiled
from scenarios.errors import MalformedScenario
from scenarios.library import shipped_text
from scenarios.syntax import Rule
from storage import scenario_texts
from storage.database import Reader
from storage.tables.lists import MailingList, ScenarioText

Origin = Literal["list", "robot", "server"]
OPERATIONS = tuple(name for name in SETTINGS if name != "archive_mail_access")


@dataclass(frozen=True, slots=True)
class Binding:
    """The scenario of one operation; `rules` is empty when its text is missing, broken or not for the asker's eyes."""

    operation: str
    name: str
    title: str
    rules: tuple[Rule, ...]
    origin: Origin


async def bindings_of(
    reader: Reader, actor: Actor, mlists: Iterable[MailingList]
) -> dict[int, list[Binding]]:
    """The scenarios of many lists by list id, in one statement for each operation, and two for the actor's rights.

    A text that comes with the program may be read by everybody; one that is written here may name people, so its rules
    are for the list's owners.
    """
    wanted = [*mlists]
    held = await standings_at(reader, actor, wanted)
    found: dict[int, list[Binding]] = {mlist.id: [] for mlist in wanted}
    for operation in OPERATIONS:
        for mlist, text in await _texts(reader, operation, wanted):
            shown = text is None or held[mlist.id].is_owner
            language = acting_in(actor, mlist.robot_id).robot.language
            found[mlist.id].append(_binding(operation, mlist, text, language, is_shown=shown))
    return found


async def _texts(
    reader: Reader, operation: str, mlists: list[MailingList]
) -> list[tuple[MailingList, ScenarioText | None]]:
    """Each list with the text that somebody wrote for it; None where the shipped one holds."""
    written = await scenario_texts.candidates(
        reader,
        operation,
        sorted({policy_name(operation, mlist) for mlist in mlists}),
        sorted({mlist.robot_id for mlist in mlists}),
        [mlist.id for mlist in mlists],
    )
    by_place = {(one.name, one.robot_id, one.list_id): one for one in written}
    return [(mlist, _nearest(by_place, policy_name(operation, mlist), mlist)) for mlist in mlists]


def _nearest(
    by_place: dict[tuple[str, int | None, int | None], ScenarioText], name: str, mlist: MailingList
) -> ScenarioText | None:
    places = ((mlist.robot_id, mlist.id), (None, mlist.id), (mlist.robot_id, None), (None, None))
    return next((by_place[name, *place] for place in places if (name, *place) in by_place), None)


def _binding(
    operation: str, mlist: MailingList, written: ScenarioText | None, language: str, *, is_shown: bool
) -> Binding:
    name = policy_name(operation, mlist)
    text = shipped_text(operation, name) if written is None else written.text
    try:
        scenario = None if text is None else compiled(text, operation=operation, name=name)
    except MalformedScenario:
        scenario = None
    return Binding(
        operation,
        name,
        name if scenario is None else scenario.title(language),
        scenario.rules if scenario is not None and is_shown else (),
        _origin(written),
    )


def _origin(written: ScenarioText | None) -> Origin:
    if written is None or (written.robot_id is None and written.list_id is None):
        return "server"
    return "robot" if written.list_id is None else "list"
