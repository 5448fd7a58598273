"""`postroom scenario import`: a Sympa `scenari` tree as it stands, with what each file decides and who gains or loses by it."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from lists.scenario_import import Entry, Import, SourceFile, carry_out, plan_import
from scenarios.decision_table import METHODS, ROLES, Case, Table
from scenarios.dialect import Dialect
from server.commands.answers import AsJson, table, tell
from server.commands.scenario_files import NoScenarios, files_below, read_file
from server.commands.scenario_place import OfList, OfRobot, OfSite, place_named
from server.commands.scenario_text import DryRun, change_line, change_shown, table_shown
from server.commands.shell import As, finish, opened

_SCENARIOS, _FILTERS = "scenari", "search_filters"


def import_tree(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of the files, or the one that has it.")
    ],
    robot: OfRobot = None,
    mlist: OfList = None,
    compat: Annotated[
        Dialect | None,
        typer.Option(help="Whose reading to judge them by: sympa or postroom; else the domain's own."),
    ] = None,
    *,
    site: OfSite = False,
    dry_run: DryRun = False,
    skip_malformed: Annotated[
        bool, typer.Option("--skip-malformed", help="Take over the others where some files make no sense.")
    ] = False,
    with_tables: Annotated[
        bool, typer.Option("--tables", help="Show what each text decides, by role and method.")
    ] = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Take over a tree of scenario files, all or nothing; done twice, it changes nothing."""
    files = [*_files(folder)]
    if not files:
        raise NoScenarios
    plan, written = finish(
        _import(files, robot, mlist, compat, who, site=site, is_dry=dry_run, skip_malformed=skip_malformed)
    )
    is_stopped = bool(plan.of("malformed")) and not skip_malformed
    value = {
        "written": written,
        "dry_run": dry_run,
        **{fate: len(plan.of(fate)) for fate in ("new", "changed", "same", "malformed", "skipped")},
        "files": [_shown(each) for each in plan.entries],
    }
    lines = [line for each in plan.entries for line in _lines(each, with_tables=with_tables)]
    tell(value, "\n".join([*lines, _summary(plan, written, is_stopped=is_stopped)]), as_json=as_json)
    if is_stopped:
        raise typer.Exit(1)


def _files(folder: Path) -> Iterator[SourceFile]:
    """The files of a tree; filters may lie in it or beside it."""
    if not folder.is_dir():
        raise NoScenarios
    places = [folder]
    if (folder / _SCENARIOS).is_dir():
        places = [each for each in (folder / _SCENARIOS, folder / _FILTERS) if each.is_dir()]
    elif folder.absolute().name == _SCENARIOS and (folder.absolute().parent / _FILTERS).is_dir():
        places.append(folder.absolute().parent / _FILTERS)
    for place in places:
        for path in files_below(place):
            file = read_file(path)
            yield SourceFile(file.path, file.name, file.text, file.is_latin)


async def _import(
    files: list[SourceFile],
    robot: str | None,
    mlist: str | None,
    compat: Dialect | None,
    who: str | None,
    *,
    site: bool,
    is_dry: bool,
    skip_malformed: bool,
) -> tuple[Import, int]:
    async with opened() as database:
        async with database.read() as reader:
            actor, place = await place_named(reader, robot, mlist, who, site=site)
            plan = await plan_import(reader, actor, place, files, dialect=compat)
        if is_dry or (plan.of("malformed") and not skip_malformed):
            return plan, 0
        async with database.write() as uow:
            return plan, await carry_out(uow, actor, plan, skip_malformed=skip_malformed)


def _shown(entry: Entry) -> dict[str, Any]:
    name = entry.file.name
    return {
        "file": entry.file.path,
        "kind": name.kind,
        "operation": name.operation,
        "name": name.name,
        "fate": entry.fate,
        "encoding": "iso-8859-1" if entry.file.is_latin else "utf-8",
        "reason": entry.sentence or None,
        "line": entry.line or None,
        "column": entry.column or None,
        "findings": [asdict(each) for each in entry.effect.findings],
        "decides": table_shown(entry.effect.table),
        "changes": [change_shown(each) for each in entry.effect.here],
        "sympa_differs": [change_shown(each) for each in entry.effect.dialects],
    }


def _lines(entry: Entry, *, with_tables: bool) -> Iterator[str]:
    place = f":{entry.line}:{entry.column}" if entry.line else ""
    encoding = " (read as ISO 8859-1)" if entry.file.is_latin else ""
    yield f"{entry.file.path}{place}: {entry.fate}{encoding}{': ' + entry.sentence if entry.sentence else ''}"
    for finding in entry.effect.findings:
        yield f"  {finding.line}:{finding.column}: {finding.level}: {finding.sentence} [{finding.code}]"
    if with_tables and entry.effect.table:
        yield from ("  " + line for line in _table(entry.effect.table).splitlines())
    yield from (f"  here: {change_line(each)}" for each in entry.effect.here)
    yield from (f"  than as Sympa reads it: {change_line(each)}" for each in entry.effect.dialects)


def _table(decided: Table) -> str:
    rows: list[tuple[str, ...]] = [("", *METHODS)]
    for target in dict.fromkeys(case.target for case in decided):
        for role in (each for each in ROLES if Case(each, target, METHODS[0]) in decided):
            cells = [str(decided[Case(role, target, method)]) for method in METHODS]
            rows.append((role if target == "self" else f"{role} for others", *cells))
    return table(rows)


def _summary(plan: Import, written: int, *, is_stopped: bool) -> str:
    counts = ", ".join(
        f"{len(plan.of(fate))} {fate}"
        for fate in ("new", "changed", "same", "malformed", "skipped")
        if plan.of(fate)
    )
    end = "nothing was written, since some files are malformed" if is_stopped else f"{written} written"
    return f"{len(plan.entries)} files: {counts}; {end}."
