"""`postroom family`: families of lists, defined once, and their lists made from data."""

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from identity.refusal import NotFound
from lists import families
from lists.csv_rows import decoded
from lists.families import definition_of
from lists.family_instances import InstantiateReport
from lists.family_instances import instantiate as make_lists
from lists.family_rows import entries_of
from mail.instant import format_duration
from server.commands.answers import AsJson, table, tell
from server.commands.progress import progress
from server.commands.shell import As, caller, finish, opened, robot_named
from storage import families as kept
from storage.tables.families import Family

Name = Annotated[str, typer.Argument(help="The family's name.")]
Domain = Annotated[str | None, typer.Option("--robot", help="The domain; needed where there are several.")]


class NoSuchFile(NotFound):
    """There is no such file."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Families: lists made from one template and data.")
    subject.command("define")(define)
    subject.command("list")(list_families)
    subject.command("show")(show)
    subject.command("instantiate")(instantiate)
    app.add_typer(subject, name="family")


def define(
    file: Annotated[Path, typer.Argument(help="The definition, in YAML; - is standard input.")],
    robot: Domain = None,
    *,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Write a family, over the one of its name; its lists change when it is instantiated."""
    family, count = finish(_define(robot, _text(file), who))
    tell(_described(family, count), f"Family {family.name} is there.", as_json=as_json)


async def _define(domain: str | None, text: str, who: str | None) -> tuple[Family, int]:
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain)
        family = await families.define(uow, await caller(uow, robot, who), robot, text)
        return family, await kept.count_alive(uow, family.id)


def list_families(robot: Domain = None, *, who: As = None, as_json: AsJson = False) -> None:
    """Name the families of a domain."""
    found = finish(_every(robot, who))
    rows = [(family.name, str(count), family.address, family.description) for family, count in found]
    value = [
        {"name": family.name, "description": family.description, "address": family.address, "lists": count}
        for family, count in found
    ]
    tell({"families": value}, table(rows), as_json=as_json)


async def _every(domain: str | None, who: str | None) -> list[tuple[Family, int]]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        found = await families.every(reader, await caller(reader, robot, who), robot)
        return [(family, await kept.count_alive(reader, family.id)) for family in found]


def show(name: Name, robot: Domain = None, *, who: As = None, as_json: AsJson = False) -> None:
    """Show what a family is made of, and how many lists it has."""
    family, count = finish(_show(robot, name, who))
    found = _described(family, count)
    rows = [
        (key, value if isinstance(value, str) else orjson.dumps(value).decode())
        for key, value in found.items()
    ]
    tell(found, table(rows), as_json=as_json)


async def _show(domain: str | None, name: str, who: str | None) -> tuple[Family, int]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        named = await families.named(reader, robot, name)
        family = await families.seen(reader, await caller(reader, robot, who), named.id)
        return family, await kept.count_alive(reader, family.id)


def instantiate(
    name: Name,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with a header (name, then parameters), or a YAML list (.yaml, .yml); - is CSV."
        ),
    ],
    robot: Domain = None,
    *,
    keep_missing: Annotated[
        bool, typer.Option("--keep-missing", help="Leave lists open that the data do not name.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Create, update and close the family's lists as the data say; done twice, it changes nothing."""
    text, is_yaml = _text(file), file.suffix.lower() in (".yaml", ".yml")
    report = finish(
        _instantiate(robot, name, text, who, is_yaml=is_yaml, close_missing=not keep_missing, dry_run=dry_run)
    )
    tell(_shown(report), _in_words(report), as_json=as_json)
    if report.failed:
        raise typer.Exit(1)


async def _instantiate(
    domain: str | None,
    name: str,
    text: str,
    who: str | None,
    *,
    is_yaml: bool,
    close_missing: bool,
    dry_run: bool,
) -> InstantiateReport:
    async with opened() as database:
        async with database.read() as reader:
            robot = await robot_named(reader, domain)
            actor = await caller(reader, robot, who)
            family = await families.named(reader, robot, name)
        entries = entries_of(text, is_yaml=is_yaml)
        with progress("Entries") as told:
            return await make_lists(
                database, actor, robot, family, entries,
                close_missing=close_missing, dry_run=dry_run, progress=told,
            )  # fmt: skip


def _text(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    if not file.is_file():
        raise NoSuchFile(f"There is no file {file}.")
    return decoded(file.read_bytes())


def _described(family: Family, count: int) -> dict[str, Any]:
    definition = definition_of(family)
    return {
        "name": family.name,
        "description": family.description,
        "lists": count,
        "address": family.address,
        "by_mail": bool(family.prefix),
        "idle_lifetime": format_duration(family.idle_lifetime),
        "most_lists": family.most_lists,
        "owners_list": family.owners_list,
        "create_list": family.create_list,
        "automatic_list_creation": family.automatic_list_creation,
        "family_signoff": family.family_signoff,
        "parameters": [
            {
                "name": each.name,
                "label": each.label,
                "allowed": [*each.allowed],
                "pattern": each.pattern,
                "default": each.default,
            }
            for each in definition.parameters
        ],
        "template": {**definition.settings, **{key: [*each] for key, each in definition.people.items()}},
        "constraints": {key: [*each] for key, each in definition.constraints.items()},
    }


def _shown(report: InstantiateReport) -> dict[str, Any]:
    return {
        "created": report.created,
        "updated": report.updated,
        "closed": report.closed,
        "unchanged": report.unchanged,
        "failed": report.failed,
        "lines": report.lines,
        "dry_run": report.dry_run,
        "missing_kept": report.missing_kept,
        "changes": [
            {"name": each.name, "what": each.what, "details": [*each.details]} for each in report.changes
        ],
        "problems": [{"line": row.line, "code": row.code, "message": row.message} for row in report.problems],
    }


def _in_words(report: InstantiateReport) -> str:
    changes = len(report.changes)
    would = "would be " if report.dry_run else ""
    head = (
        f"{changes} changes: {report.created} lists {would}created, {report.updated} updated, {report.closed} closed; "
        f"{report.unchanged} as they are, {report.failed} entries not usable."
    )
    lines = [
        f"{each.what} {each.name}{': ' if each.details else ''}{', '.join(each.details)}"
        for each in report.changes
    ]
    if report.missing_kept:
        lines.append("No list was closed, since some entries do not tell which list they are about.")
    return "\n".join([head, *lines, *(f"line {row.line}: {row.message}" for row in report.problems)])
