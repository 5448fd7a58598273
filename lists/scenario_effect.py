"""What a scenario text would change where it is written: findings, the table of what it decides, who gains and who loses."""

from collections.abc import Mapping
from dataclasses import dataclass

from lists.scenario_places import Place
from scenarios.decision_table import Change, Table, Text, changes, decision_table
from scenarios.dialect import Dialect
from scenarios.file_names import FILTER, FRAGMENT
from scenarios.library import shipped_text
from scenarios.lint import Finding, findings
from storage import scenario_texts
from storage.database import Reader
from storage.tables.lists import ScenarioText


@dataclass(frozen=True, slots=True)
class Effect:
    """What a text would do in its place.

    `here` is what changes against the text that governs the name there today, if any does; `dialects` where Sympa would decide
    otherwise on the same text. Both are empty for fragments and filters, which decide nothing by themselves.
    """

    findings: tuple[Finding, ...]
    table: Table
    here: tuple[Change, ...]
    dialects: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Every text that can be seen from a place, by operation and name, the nearest first."""

    place: Place
    written: Mapping[tuple[str, str], ScenarioText]
    dialect: Dialect

    def nearest(self, operation: str, name: str) -> str | None:
        """The text that governs a name there today (requirement 4.1)."""
        found = self.written.get((operation, name))
        if found is not None:
            return found.text
        return None if operation == FILTER else shipped_text(operation, name, dialect=self.dialect)

    def fragments(self) -> dict[str, str]:
        """The texts of fragments by name."""
        return {name: row.text for (kind, name), row in self.written.items() if kind == FRAGMENT}

    def files(self) -> dict[str, str]:
        """The texts of filters that are a list of addresses, by name."""
        return {
            name: row.text
            for (kind, name), row in self.written.items()
            if kind == FILTER and name.endswith(".txt")
        }


async def surroundings_of(reader: Reader, place: Place) -> Surroundings:
    """What can be seen from a place: one statement."""
    rows = await scenario_texts.visible_from(reader, robot_id=place.robot_id, list_id=place.list_id)
    ranked = sorted(rows, key=lambda row: (row.list_id is None, row.robot_id is None))
    nearest: dict[tuple[str, str], ScenarioText] = {}
    for row in ranked:
        nearest.setdefault((row.operation, row.name), row)
    dialect = Dialect.POSTROOM if place.robot is None else Dialect(place.robot.scenario_dialect)
    return Surroundings(place, nearest, dialect)


def effect_of(
    around: Surroundings,
    operation: str,
    name: str,
    text: str,
    *,
    fragments: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    dialect: Dialect | None = None,
    is_imported: bool = False,
) -> Effect:
    """What a text would do there; `fragments` and `files` come together with it. Never raises for a text."""
    if operation == FILTER:
        return Effect((), {}, (), ())
    known = {**around.fragments(), **(fragments or {})}
    found = findings(text, operation, name, includes=known, is_imported=is_imported)
    if operation == FRAGMENT:
        return Effect(found, {}, (), ())
    spoken = around.dialect if dialect is None else dialect
    listed = {**around.files(), **(files or {})}
    table = decision_table(Text(text, known, listed, spoken), operation, name)
    other = Dialect.SYMPA if spoken is Dialect.POSTROOM else Dialect.POSTROOM
    foreign = decision_table(Text(text, known, listed, other), operation, name)
    ours, theirs = (table, foreign) if other is Dialect.SYMPA else (foreign, table)
    return Effect(found, table, _against_today(around, operation, name, table), changes(theirs, ours))


def _against_today(around: Surroundings, operation: str, name: str, table: Table) -> tuple[Change, ...]:
    """What changes for those who live by that name; nobody does where there is no text of it."""
    text = around.nearest(operation, name)
    if text is None:
        return ()
    today = Text(text, around.fragments(), around.files(), around.dialect)
    return changes(decision_table(today, operation, name), table)
