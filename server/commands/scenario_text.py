"""`postroom scenario set`, `show`, `list` and `remove`: texts of one's own for a list, a domain or the site."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from lists import scenario_texts
from lists.scenario_texts import Shown, Written
from scenarios.decision_table import Change, Table
from scenarios.grammar import hash_of
from server.commands.answers import AsJson, table, tell
from server.commands.scenario_files import given_text
from server.commands.scenario_place import Name, OfList, OfRobot, OfSite, name_of, place_named
from server.commands.shell import As, finish, opened
from storage import scenario_texts as stored

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")]
IfHash = Annotated[
    str | None,
    typer.Option("--if-hash", help="Only if the text that is there now has this SHA-256; empty: none is."),
]


def write(
    name: Name,
    file: Annotated[str, typer.Argument(help="The file with the text; - is standard input.")],
    robot: OfRobot = None,
    mlist: OfList = None,
    if_hash: IfHash = None,
    *,
    site: OfSite = False,
    dry_run: DryRun = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Write a text, which governs at once; says who gains or loses what by it."""
    written = finish(_write(name, given_text(file), robot, mlist, if_hash, who, site=site, is_dry=dry_run))
    words = (
        f"{name} {'would be' if dry_run else 'is'} written."
        if written.before != written.text_hash
        else (f"{name} is as it was.")
    )
    tell({**effect_shown(written), "dry_run": dry_run}, "\n".join([*_lines(written), words]), as_json=as_json)


async def _write(
    name: str,
    text: str,
    robot: str | None,
    mlist: str | None,
    if_hash: str | None,
    who: str | None,
    *,
    site: bool,
    is_dry: bool,
) -> Written:
    what = name_of(name)
    async with opened() as database, database.write() as uow:
        actor, place = await place_named(uow, robot, mlist, who, site=site)
        expected: str | None = if_hash or None
        if if_hash is None:
            there = await stored.find(
                uow, robot_id=place.robot_id, list_id=place.list_id, operation=what.operation, name=what.name
            )
            expected = None if there is None else hash_of(there.text)
        return await scenario_texts.write(
            uow, actor, place, what.operation, what.name, text, expected=expected, is_dry=is_dry
        )


def remove(
    name: Name,
    robot: OfRobot = None,
    mlist: OfList = None,
    if_hash: IfHash = None,
    *,
    site: OfSite = False,
    dry_run: DryRun = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Take a text away, so that the domain's, the site's or the shipped one of that name governs again."""
    gone = finish(_remove(name, robot, mlist, if_hash, who, site=site, is_dry=dry_run))
    words = f"{name} {'would be' if dry_run else 'is'} gone."
    tell({**effect_shown(gone), "dry_run": dry_run}, "\n".join([*_lines(gone), words]), as_json=as_json)


async def _remove(
    name: str,
    robot: str | None,
    mlist: str | None,
    if_hash: str | None,
    who: str | None,
    *,
    site: bool,
    is_dry: bool,
) -> Written:
    what = name_of(name)
    async with opened() as database, database.write() as uow:
        actor, place = await place_named(uow, robot, mlist, who, site=site)
        return await scenario_texts.remove(
            uow, actor, place, what.operation, what.name, expected=if_hash or None, is_dry=is_dry
        )


def show(
    name: Name,
    robot: OfRobot = None,
    mlist: OfList = None,
    *,
    site: OfSite = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Show the text that governs a name there: its own, or what lies behind it."""
    found = finish(_show(name, robot, mlist, who, site=site))
    tell(asdict(found), found.text.rstrip("\n"), as_json=as_json)


async def _show(name: str, robot: str | None, mlist: str | None, who: str | None, *, site: bool) -> Shown:
    what = name_of(name)
    async with opened() as database, database.read() as reader:
        actor, place = await place_named(reader, robot, mlist, who, site=site)
        return await scenario_texts.show(reader, actor, place, what.operation, what.name)


def every(
    robot: OfRobot = None,
    mlist: OfList = None,
    operation: Annotated[str | None, typer.Option(help="Only of this operation.")] = None,
    *,
    site: OfSite = False,
    own: Annotated[bool, typer.Option("--own", help="Only those that somebody wrote here.")] = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Name the texts that can be chosen there, and where each is written."""
    found = finish(_every(robot, mlist, operation, who, site=site, own=own))
    rows = [(f"{each.operation}.{each.name}", each.origin, each.title) for each in found]
    value = [{key: part for key, part in asdict(each).items() if key != "text"} for each in found]
    tell({"scenarios": value}, table(rows), as_json=as_json)


async def _every(
    robot: str | None,
    mlist: str | None,
    operation: str | None,
    who: str | None,
    *,
    site: bool,
    own: bool,
) -> list[Shown]:
    async with opened() as database, database.read() as reader:
        actor, place = await place_named(reader, robot, mlist, who, site=site)
        return await scenario_texts.every(reader, actor, place, operation=operation, own_only=own)


def effect_shown(written: Written) -> dict[str, Any]:
    """A change for programs."""
    return {
        "operation": written.operation,
        "name": written.name,
        "before": written.before,
        "after": written.text_hash or None,
        "findings": [asdict(each) for each in written.effect.findings],
        "decides": table_shown(written.effect.table),
        "changes": [change_shown(each) for each in written.effect.here],
    }


def table_shown(decided: Table) -> list[dict[str, str]]:
    """What a text decides, for programs."""
    return [
        {"role": case.role, "target": case.target, "method": case.method, "decision": str(verdict)}
        for case, verdict in decided.items()
    ]


def change_shown(change: Change) -> dict[str, Any]:
    """Who gains or loses what, for programs."""
    return {
        "effect": change.effect,
        "role": change.role,
        "target": change.target,
        "methods": list(change.methods),
        "before": str(change.before),
        "after": str(change.after),
    }


def change_line(change: Change) -> str:
    """Who gains or loses what, in words."""
    whom = " for somebody else" if change.target == "other" else ""
    by = ", ".join(change.methods)
    return f"{change.role} {change.effect}{whom}: {change.before} -> {change.after} (by {by})"


def _lines(written: Written) -> list[str]:
    found = [
        f"{each.line}:{each.column}: {each.level}: {each.sentence} [{each.code}]"
        for each in written.effect.findings
    ]
    return [*found, *(change_line(each) for each in written.effect.here)]
