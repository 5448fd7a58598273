"""`postroom plan`, `apply`, `export`: robots and lists as one document."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from identity.actor import Actor
from identity.refusal import NotFound
from lists.plan import read_plan
from lists.plan_changes import apply as make_changes
from lists.plan_changes import diff
from lists.plan_export import export as exported
from lists.robots import OperatorOnly
from server.commands.answers import AsJson, tell
from server.commands.shell import As, caller, finish, opened
from storage.database import Reader

File = Annotated[Path, typer.Argument(help="The plan, in YAML; - is standard input.")]
Prune = Annotated[bool, typer.Option("--prune", help="Close the lists that the plan does not mention.")]


class NoSuchPlan(NotFound):
    """There is no such file."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("plan")(plan)
    app.command("apply")(apply)
    app.command("export")(export)


def plan(file: File, *, prune: Prune = False, who: As = None, as_json: AsJson = False) -> None:
    """Show what `apply` would change; nothing is changed."""
    lines = finish(_run(_text(file), who, prune=prune, is_dry=True))
    tell({"changes": lines}, "\n".join(lines) or "Everything is as planned.", as_json=as_json)


def apply(file: File, *, prune: Prune = False, who: As = None, as_json: AsJson = False) -> None:
    """Make robots and lists as the plan says; done twice, it changes nothing."""
    lines = finish(_run(_text(file), who, prune=prune, is_dry=False))
    tell({"changes": lines}, f"{len(lines)} changes made.", as_json=as_json)


def export(*, who: As = None) -> None:
    """Write everything there is as a plan, never a secret."""
    sys.stdout.write(finish(_export(who)))


async def _run(text: str, who: str | None, *, prune: bool, is_dry: bool) -> list[str]:
    wanted = read_plan(text)
    async with opened() as database:
        async with database.read() as reader:
            actor = await _operator(reader, who)
            changes = await diff(reader, wanted, prune=prune)
        if not is_dry:
            await make_changes(database, actor, changes)
        return changes.lines()


async def _export(who: str | None) -> str:
    async with opened() as database, database.read() as reader:
        await _operator(reader, who)
        return await exported(reader)


async def _operator(reader: Reader, who: str | None) -> Actor:
    """A plan is the whole service, concealed lists and all, so that it is nobody's but the operator's."""
    actor = await caller(reader, None, who)
    if not actor.is_operator:
        raise OperatorOnly
    return actor


def _text(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    if not file.is_file():
        raise NoSuchPlan(f"There is no file {file}.")
    return file.read_text(encoding="utf-8")
