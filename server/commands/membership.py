"""`postroom membership`: members of a list from a file, and into one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from identity.refusal import NotFound
from lists.csv_export import export_members
from lists.csv_import import ImportReport, import_members
from server.commands.answers import AsJson, tell
from server.commands.progress import progress
from server.commands.shell import As, finish, list_named, opened

Mlist = Annotated[str, typer.Argument(metavar="LIST", help="The list's address.")]


class NoSuchFile(NotFound):
    """There is no such file."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Members of a list, from a file and into one.")
    subject.command("import")(import_file)
    subject.command("export")(export)
    app.add_typer(subject, name="membership")


def import_file(
    mlist: Mlist,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with a header (email, display_name, …), or an address on each line; - is standard input."
        ),
    ],
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="Greet nobody.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Add everybody in a file; whoever is on the list already stays as they are."""
    with _source(file) as source:
        report = finish(_import(mlist, source, who, quiet=quiet, dry_run=dry_run))
    tell(_shown(report), _in_words(report), as_json=as_json)
    if report.failed:
        raise typer.Exit(1)


async def _import(
    address: str, source: BinaryIO, who: str | None, *, quiet: bool, dry_run: bool
) -> ImportReport:
    async with opened() as database:
        async with database.read() as reader:
            actor, mlist = await list_named(reader, address, who)
        with progress("Lines") as told:
            return await import_members(
                database, actor, mlist, source, quiet=quiet, dry_run=dry_run, progress=told
            )


def export(mlist: Mlist, *, who: As = None) -> None:
    """Write a members file to standard output."""
    finish(_export(mlist, who))


async def _export(address: str, who: str | None) -> None:
    async with opened() as database, database.read() as reader:
        actor, mlist = await list_named(reader, address, who)
        async for piece in export_members(reader, actor, mlist):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


@contextmanager
def _source(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    if not file.is_file():
        raise NoSuchFile(f"There is no file {file}.")
    with file.open("rb") as source:
        yield source


def _shown(report: ImportReport) -> dict[str, Any]:
    return {
        "added": report.added,
        "already": report.already,
        "failed": report.failed,
        "lines": report.lines,
        "dry_run": report.dry_run,
        "problems": [{"line": row.line, "code": row.code, "message": row.message} for row in report.problems],
    }


def _in_words(report: ImportReport) -> str:
    head = f"{report.added} {'would be ' if report.dry_run else ''}added, {report.already} there already, {report.failed} not usable."
    return "\n".join([head, *(f"line {row.line}: {row.message}" for row in report.problems)])
