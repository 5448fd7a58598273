"""`postroom provider`: how people sign in to each domain."""

from pathlib import Path
from typing import Annotated, Any

import typer

from identity.auth_config import BUILT_IN, SERVER, AuthFile, Entry, auth_config, read_file, set_auth_config
from identity.believing import DEADLINE_SECONDS
from identity.provider import Finding, ProviderAway
from identity.provider_sign_in import place_of
from identity.refusal import Invalid
from identity.registry import installed
from server.commands.answers import AsJson, table, tell
from server.commands.provider_attack import attack_provider
from server.commands.provider_search import search_provider
from server.commands.provider_sync import NoSuchProvider, sync_provider
from server.commands.shell import finish, opened, robot_of_address
from storage import audit
from storage.database import Database
from storage.tables.lists import Robot

Domain = Annotated[str, typer.Argument(help="A mail domain of this server, or * for the server's own file.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Ways to sign in: each domain's file of providers.")
    subject.command("set")(set_file)
    subject.command("list")(list_providers)
    subject.command("check")(check)
    subject.command("attack")(attack_provider)
    subject.command("search")(search_provider)
    subject.command("sync")(sync_provider)
    app.add_typer(subject, name="provider")


def set_file(
    domain: Domain,
    file: Annotated[Path, typer.Argument(help="The file, TOML; secrets as env:NAME or file:/PATH.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say whether the file is good.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a domain have these ways to sign in, in this order, instead of those that it had."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid(f"{file} cannot be read: {problem}.") from problem
    read = finish(_set(domain, text, dry_run=dry_run))
    keys = [each.key for each in read.provider]
    said = f"{'The file is good' if dry_run else f'{domain} has'}: {', '.join(keys) or 'no way to sign in'}."
    tell({"domain": domain, "providers": keys, "dry_run": dry_run}, said, as_json=as_json)


async def _set(domain: str, text: str, *, dry_run: bool) -> AuthFile:
    async with opened() as database, database.write() as uow:
        robot = None if domain == SERVER else await robot_of_address(uow, domain)
        if dry_run:
            return read_file(text, SERVER if robot is None else robot.domain)
        file = await set_auth_config(uow, robot, text)
        await audit.record(
            uow,
            "providers_set",
            actor="operator",
            via="cli",
            robot_id=None if robot is None else robot.id,
            detail={"providers": [each.key for each in file.provider]},
        )
        return file


def list_providers(
    domain: Annotated[
        str | None, typer.Argument(help="A mail domain; without it, what is installed.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Name a domain's ways to sign in in their order, or the kinds of provider that are installed."""
    if domain is None:
        kinds = [*BUILT_IN, *sorted(installed())]
        tell(kinds, "\n".join(kinds), as_json=as_json)
        return
    entries = finish(_entries(domain))
    rows = [(each.key, each.kind, each.label, ", ".join(each.vouches_for)) for each in entries]
    tell([_shown(each) for each in entries], table(rows), as_json=as_json)


async def _entries(domain: str) -> tuple[Entry, ...]:
    async with opened() as database, database.read() as reader:
        return (await auth_config(reader, await robot_of_address(reader, domain))).entries


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "kind": entry.kind,
        "label": entry.label,
        "vouches_for": [*entry.vouches_for],
        "scope": entry.scope,
    }


def check(
    domain: Annotated[str, typer.Argument(help="A mail domain of this server.")],
    key: Annotated[str | None, typer.Argument(help="One provider; all of them without it.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Try a domain's providers as they are now, without signing anybody in, and say what was found."""
    found = finish(_check(domain, key))
    lines = [f"{name}: {'ok' if each.is_good else 'PROBLEM'}: {each.text}" for name, each in _flat(found)]
    answer = {
        name: [{"is_good": each.is_good, "text": each.text} for each in findings]
        for name, findings in found.items()
    }
    tell(answer, "\n".join(lines), as_json=as_json)
    if not all(each.is_good for _, each in _flat(found)):
        raise typer.Exit(1)


def _flat(found: dict[str, list[Finding]]) -> list[tuple[str, Finding]]:
    return [(name, each) for name, findings in found.items() for each in findings]


async def _check(domain: str, key: str | None) -> dict[str, list[Finding]]:
    async with opened() as database:
        async with database.read() as reader:
            robot = await robot_of_address(reader, domain)
            entries = (await auth_config(reader, robot)).entries
        wanted = [each for each in entries if key in {None, each.key}]
        if key is not None and not wanted:
            raise NoSuchProvider
        return {each.key: await _findings(database, robot, each) for each in wanted}


async def _findings(database: Database, robot: Robot, entry: Entry) -> list[Finding]:
    if entry.kind in BUILT_IN:
        return [Finding(is_good=True, text="part of this server; nothing to reach.")]
    try:
        return await entry.module.check(entry.settings, place_of(database, robot, entry))
    except ProviderAway as away:
        return [Finding(is_good=False, text=away.detail or away.message)]
    except TimeoutError:
        return [Finding(is_good=False, text=f"no answer within {DEADLINE_SECONDS:g} seconds.")]
