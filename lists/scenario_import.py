"""Taking over a tree of scenario files as it stands: read whole, judged whole, and written in one transaction or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from identity.actor import Actor
from identity.refusal import Invalid, Refused
from lists.scenario_effect import Effect, Surroundings, effect_of, surroundings_of
from lists.scenario_places import Place, require_operation, require_writer
from lists.scenario_texts import (
    BadScenario,
    TextChanged,
    checked_name,
    hold,
    keep,
    require_sound,
    require_unbound,
)
from scenarios.dialect import Dialect
from scenarios.file_names import FILTER, FRAGMENT, FileName
from scenarios.grammar import hash_of
from storage import scenario_texts
from storage.database import Reader, UnitOfWork

# What becomes of a file: it is new, takes the place of another text, is there already, cannot be read as what its name
# says, or is nothing that a list server decides by.
Fate = Literal["new", "changed", "same", "malformed", "skipped"]

_NOT_HIDDEN = "It hid a name from menus; menus here show every name that can be chosen."
_UNKNOWN = "Its name is not OPERATION.NAME, include.NAME or that of a filter, so nothing asks it."
_NO_EFFECT = Effect((), {}, (), ())


class MalformedTree(Invalid):
    """Some files make no sense as scenarios, so none was taken over; correct them, or leave them out knowingly."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the tree: `path` is how the report calls it."""

    path: str
    name: FileName
    text: str
    is_latin: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of one file, and why; `line` and `column` from 1 where it is malformed, else 0."""

    file: SourceFile
    fate: Fate
    sentence: str = ""
    line: int = 0
    column: int = 0
    before: str | None = None
    effect: Effect = _NO_EFFECT


@dataclass(frozen=True, slots=True)
class Import:
    """A tree judged against its place, ready to be written."""

    place: Place
    entries: tuple[Entry, ...]

    def of(self, *fates: Fate) -> list[Entry]:
        """The entries that meet one of these fates."""
        return [each for each in self.entries if each.fate in fates]


async def plan_import(
    reader: Reader,
    actor: Actor,
    place: Place,
    files: Iterable[SourceFile],
    *,
    dialect: Dialect | None = None,
) -> Import:
    """Judge every file of a tree: what it is, what it decides, and what that changes; writes nothing.

    What each text decides is told as `dialect` reads it, the robot's own where None; whether it makes sense is always
    judged as the robot reads it, since that is how it will govern. Raises what `require_writer` raises.
    """
    around = await surroundings_of(reader, place)
    given = [*files]
    fragments = _texts(given, FRAGMENT)
    filters = {name: text for name, text in _texts(given, FILTER).items() if name.endswith(".txt")}
    held = await _held(reader, place)
    entries: list[Entry] = []
    seen: dict[tuple[str, str], SourceFile] = {}
    for file in given:
        entry = await _entry(reader, actor, around, file, seen, held, fragments, filters, dialect)
        entries.append(entry)
    return Import(place, tuple(entries))


async def carry_out(uow: UnitOfWork, actor: Actor, plan: Import, *, skip_malformed: bool = False) -> int:
    """Write what is new or changed, all of it with this transaction; how many texts that were.

    Raises MalformedTree, unless malformed files are to be left out, and TextChanged when somebody wrote one of these
    texts since the tree was judged.
    """
    if plan.of("malformed") and not skip_malformed:
        raise MalformedTree
    wanted = plan.of("new", "changed")
    for operation in sorted({each.file.name.operation for each in wanted}):
        await require_unbound(uow, plan.place, operation)
    # In one order for everybody, so that two imports wait for each other instead of for ever.
    for operation, word in sorted((each.file.name.operation, each.file.name.name) for each in wanted):
        await hold(uow, plan.place, operation, word)
    held = await _held(uow, plan.place)
    for each in wanted:
        name = each.file.name
        standing = held.get((name.operation, name.name))
        if each.before != (None if standing is None else hash_of(standing)):
            raise TextChanged
        await keep(uow, actor, plan.place, name.operation, name.name, each.file.text, each.before)
    return len(wanted)


def _texts(files: Iterable[SourceFile], operation: str) -> dict[str, str]:
    return {file.name.name: file.text for file in files if file.name.operation == operation}


async def _held(reader: Reader, place: Place) -> Mapping[tuple[str, str], str]:
    """The texts that stand in exactly this place, by operation and name."""
    rows = await scenario_texts.visible_from(reader, robot_id=place.robot_id, list_id=place.list_id)
    return {
        (row.operation, row.name): row.text
        for row in rows
        if (row.robot_id, row.list_id) == (place.robot_id, place.list_id)
    }


async def _entry(
    reader: Reader,
    actor: Actor,
    around: Surroundings,
    file: SourceFile,
    seen: dict[tuple[str, str], SourceFile],
    held: Mapping[tuple[str, str], str],
    fragments: Mapping[str, str],
    filters: Mapping[str, str],
    dialect: Dialect | None,
) -> Entry:
    operation, name = file.name.operation, file.name.name
    if file.name.kind in {"unknown", "ignore"}:
        return Entry(file, "skipped", _NOT_HIDDEN if file.name.kind == "ignore" else _UNKNOWN)
    await require_writer(reader, actor, around.place, operation, name)
    twin = seen.setdefault((operation, name), file)
    if twin is not file:
        return _twin(file, twin)
    try:
        require_operation(around.place, operation)
        checked_name(operation, name)
        require_sound(around, operation, name, file.text, fragments=dict(fragments))
    except BadScenario as wrong:
        return Entry(file, "malformed", wrong.message, wrong.line, wrong.column)
    except Refused as refused:
        return Entry(file, "malformed", refused.message, 1, 1)
    effect = effect_of(
        around,
        operation,
        name,
        file.text,
        fragments=fragments,
        files=filters,
        dialect=dialect,
        is_imported=True,
    )
    standing = held.get((operation, name))
    if standing == file.text:
        return Entry(file, "same", effect=effect)
    if standing is None:
        return Entry(file, "new", effect=effect)
    return Entry(file, "changed", before=hash_of(standing), effect=effect)


def _twin(file: SourceFile, twin: SourceFile) -> Entry:
    """The second file for one name, which an older tree may hold under the operation's former name."""
    if twin.text == file.text:
        return Entry(file, "skipped", f"It is the same as {twin.path}.")
    return Entry(file, "malformed", f"It is for the same operation and name as {twin.path}.", 1, 1)
