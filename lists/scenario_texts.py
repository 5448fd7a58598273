"""Writing the law: texts of one's own for a list, a robot or the site, each change checked, seen first, and audited."""

import hashlib
import re
from dataclasses import dataclass

from identity.actor import Actor
from identity.refusal import Conflict, Invalid, NotFound
from lists.families import BoundByFamily, constrained_operation
from lists.policies import ROBOT_SETTINGS, SETTINGS
from lists.scenario_effect import Effect, Surroundings, effect_of, surroundings_of
from lists.scenario_places import Place, require_operation, require_reader, require_writer
from scenarios.assemble import wanted_includes
from scenarios.cache import assembled
from scenarios.errors import MalformedScenario
from scenarios.file_names import FILTER, FRAGMENT
from scenarios.filter_questions import BadFilter, directory_question, sql_question
from scenarios.grammar import LONGEST_TEXT, hash_of, parse_scenario
from scenarios.library import shipped_names, shipped_text
from scenarios.operations import OPERATIONS, canonical_operation
from storage import attempts, audit, scenario_texts
from storage.database import Reader, UnitOfWork
from storage.tables.lists import ScenarioText

_NAME = re.compile(r"[A-Za-z0-9_](?:[\w.\-]{0,78}\w)?", re.ASCII)
_FILTER_NAME = re.compile(r".+\.(?:txt|sql|ldap)")


class BadScenarioName(Invalid):
    """A scenario's name is of letters, digits, dots, dashes and underscores; a filter's ends in .txt, .sql or .ldap."""


class BadScenario(Invalid):
    """This text makes no sense as a scenario, so it was not kept."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        """`line` and `column`, from 1, say where it goes wrong."""
        super().__init__(message, path=("source",))
        self.line = line
        self.column = column


class TextChanged(Conflict):
    """This text changed since you read it, or is there already; read it again, then write."""


class StillUsed(Conflict):
    """Something lives by this text; give that another scenario first."""


class NoSuchText(NotFound):
    """Nobody has written such a text here."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text that was written, or would be: `row` is None when nothing was kept, `before` the hash that it replaces."""

    operation: str
    name: str
    text_hash: str
    before: str | None
    effect: Effect
    row: ScenarioText | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as it governs a place: `origin` is list, robot, server (the site) or shipped."""

    operation: str
    name: str
    origin: str
    title: str
    text: str
    text_hash: str


async def write(
    uow: UnitOfWork,
    actor: Actor,
    place: Place,
    operation: str,
    name: str,
    text: str,
    *,
    expected: str | None,
    is_dry: bool = False,
) -> Written:
    """Keep a text in its place, where it governs from the commit on; with `is_dry` only say what it would do.

    `expected` is the hash of the text that it replaces, None where there is none yet, so that nothing is overwritten
    unseen. Raises BadScenario, BadScenarioName, TextChanged, what `require_operation` and `require_writer` raise.
    """
    operation = canonical_operation(operation)
    require_operation(place, operation)
    await require_writer(uow, actor, place, operation, name)
    await require_unbound(uow, place, operation)
    checked_name(operation, name)
    await hold(uow, place, operation, name)
    around = await surroundings_of(uow, place)
    require_sound(around, operation, name, text)
    found = await scenario_texts.find(
        uow, robot_id=place.robot_id, list_id=place.list_id, operation=operation, name=name
    )
    before = None if found is None else hash_of(found.text)
    if before != expected:
        raise TextChanged
    effect = effect_of(around, operation, name, text)
    written = Written(operation, name, hash_of(text), before, effect, found)
    if is_dry or before == written.text_hash:
        return written
    row = await keep(uow, actor, place, operation, name, text, before)
    return Written(operation, name, written.text_hash, before, effect, row)


async def remove(
    uow: UnitOfWork,
    actor: Actor,
    place: Place,
    operation: str,
    name: str,
    *,
    expected: str | None,
    is_dry: bool = False,
) -> Written:
    """Take a text away, so that the next place's text of that name governs again; `expected` and `is_dry` as in `write`.

    Raises NoSuchText, TextChanged, StillUsed when something would be left without any text, and what `write` raises.
    """
    operation = canonical_operation(operation)
    require_operation(place, operation)
    await require_writer(uow, actor, place, operation, name)
    await hold(uow, place, operation, name)
    found = await scenario_texts.find(
        uow, robot_id=place.robot_id, list_id=place.list_id, operation=operation, name=name
    )
    if found is None:
        raise NoSuchText
    before = hash_of(found.text)
    if expected not in (None, before):
        raise TextChanged
    around = await surroundings_of(uow, place)
    left = await _without(uow, place, operation, name)
    if left is None and await _is_used(uow, place, around, operation, name):
        raise StillUsed
    effect = effect_of(around, operation, name, left or "") if left is not None else Effect((), {}, (), ())
    if not is_dry:
        await scenario_texts.remove(
            uow, robot_id=place.robot_id, list_id=place.list_id, operation=operation, name=name
        )
        await _note(uow, actor, place, "scenario_removed", operation, name, before, None)
    return Written(operation, name, "" if left is None else hash_of(left), before, effect)


async def show(reader: Reader, actor: Actor, place: Place, operation: str, name: str) -> Shown:
    """The text that governs a name at a place, whoever wrote it; raises NoSuchText, or what `require_reader` raises."""
    await require_reader(reader, actor, place)
    operation = canonical_operation(operation)
    around = await surroundings_of(reader, place)
    row = around.written.get((operation, name))
    if row is not None:
        return _shown(row)
    text = around.nearest(operation, name)
    if text is None:
        raise NoSuchText
    return Shown(operation, name, "shipped", _title(operation, name, text), text, hash_of(text))


async def every(
    reader: Reader, actor: Actor, place: Place, *, operation: str | None = None, own_only: bool = False
) -> list[Shown]:
    """The texts that can be named at a place, by operation and name, the nearest of each name."""
    await require_reader(reader, actor, place)
    around = await surroundings_of(reader, place)
    found = {key: _shown(row) for key, row in around.written.items()}
    for each in () if own_only else sorted(OPERATIONS):
        for name in shipped_names(each):
            text = shipped_text(each, name, dialect=around.dialect)
            if (each, name) not in found and text is not None:
                found[each, name] = Shown(
                    each, name, "shipped", _title(each, name, text), text, hash_of(text)
                )
    wanted = None if operation is None else canonical_operation(operation)
    return [found[key] for key in sorted(found) if wanted in (None, key[0])]


def checked_name(operation: str, name: str) -> None:
    """Raises BadScenarioName."""
    if not _NAME.fullmatch(name) or (operation == FILTER and not _FILTER_NAME.fullmatch(name)):
        raise BadScenarioName(path=("name",))


def require_sound(
    around: Surroundings,
    operation: str,
    name: str,
    text: str,
    *,
    fragments: dict[str, str] | None = None,
) -> None:
    """Raises BadScenario, with line and column, for a text that would refuse everything because it makes no sense."""
    if len(text) > LONGEST_TEXT:
        raise BadScenario(f"The text is longer than {LONGEST_TEXT} characters.")
    try:
        if operation == FILTER:
            _require_filter(name, text)
        elif operation == FRAGMENT:
            parse_scenario(text, operation=operation, name=name)
        else:
            assembled(
                text,
                operation=operation,
                name=name,
                includes={**around.fragments(), **(fragments or {})},
                dialect=around.dialect,
            )
    except MalformedScenario as wrong:
        raise BadScenario(f"{wrong}.", line=wrong.line, column=wrong.column) from wrong
    except BadFilter as wrong:
        raise BadScenario(f"{wrong}.") from wrong


async def keep(
    uow: UnitOfWork, actor: Actor, place: Place, operation: str, name: str, text: str, before: str | None
) -> ScenarioText:
    """Write what has been checked, with its line in the audit."""
    row = await scenario_texts.put(
        uow, robot_id=place.robot_id, list_id=place.list_id, operation=operation, name=name, text=text
    )
    await _note(uow, actor, place, "scenario_written", operation, name, before, hash_of(text))
    return row


def _require_filter(name: str, text: str) -> None:
    if name.endswith(".sql"):
        sql_question(name, text, lambda _: "")
    elif name.endswith(".ldap"):
        directory_question(name, text, lambda _: "")


async def require_unbound(reader: Reader, place: Place, operation: str) -> None:
    """A list's own text would change what a name means that its family holds it to; raises BoundByFamily.

    A fragment may be included by any of its scenarios.
    """
    if place.mlist is None or operation == FILTER:
        return
    asked = [*SETTINGS] if operation == FRAGMENT else [operation]
    family = await constrained_operation(reader, place.mlist, asked)
    if family is not None:
        raise BoundByFamily(
            f"The family {family} says which scenarios govern here, so this list writes none of its own.",
            path=("operation",),
        )


async def hold(uow: UnitOfWork, place: Place, operation: str, name: str) -> None:
    """Let nobody else write here until the commit; two would otherwise both see the place empty."""
    subject = f"scenario {place.robot_id} {place.list_id} {operation}.{name}"
    await attempts.lock(uow, hashlib.sha256(subject.encode()).digest())


async def _note(
    uow: UnitOfWork,
    actor: Actor,
    place: Place,
    event: str,
    operation: str,
    name: str,
    before: str | None,
    after: str | None,
) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=place.robot_id,
        list_id=place.list_id,
        person_id=None if actor.person is None else actor.person.id,
        detail={"operation": operation, "name": name, "before": before, "after": after},
    )


async def _without(reader: Reader, place: Place, operation: str, name: str) -> str | None:
    """The text that governs the name once the place has none of its own."""
    wider = Place() if place.mlist is None else Place(robot=place.robot)
    if place.robot is None and place.mlist is None:
        return None if operation == FILTER else shipped_text(operation, name)
    return (await surroundings_of(reader, wider)).nearest(operation, name)


async def _is_used(reader: Reader, place: Place, around: Surroundings, operation: str, name: str) -> bool:
    """Whether a setting names this text, or another text that is seen from here includes or asks it."""
    if operation in (FRAGMENT, FILTER):
        return any(
            name in wanted_includes(row.text) if operation == FRAGMENT else name in row.text
            for (kind, _), row in around.written.items()
            if kind != FILTER
        )
    if place.mlist is not None:
        return str(getattr(place.mlist, SETTINGS[operation])) == name
    if operation in ROBOT_SETTINGS:
        return await scenario_texts.is_named_by_robot(reader, operation, name, place.robot_id)
    column = SETTINGS.get(operation)
    return column is not None and await scenario_texts.is_named_by_list(
        reader, column.rstrip("_"), name, place.robot_id
    )


def _shown(row: ScenarioText) -> Shown:
    origin = "list" if row.list_id is not None else "robot" if row.robot_id is not None else "server"
    title = _title(row.operation, row.name, row.text)
    return Shown(row.operation, row.name, origin, title, row.text, hash_of(row.text))


def _title(operation: str, name: str, text: str) -> str:
    if operation in (FRAGMENT, FILTER):
        return name
    try:
        return parse_scenario(text, operation=operation, name=name).title("en")
    except MalformedScenario:
        return name
