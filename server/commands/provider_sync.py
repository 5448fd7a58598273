"""`postroom provider sync`: everybody is read from a provider here and now, with a bar that says how far it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from identity.auth_config import SERVER, Entry, auth_config, every_entry
from identity.provider import ProviderAway
from identity.refusal import NotFound
from identity.sync_changes import Tally
from identity.syncing import Progress, sync
from server.commands.answers import AsJson, tell
from server.commands.shell import finish, opened, robot_named, robot_of_address
from storage.database import Reader
from storage.tables.lists import Robot


class NoSuchProvider(NotFound):
    """This domain has no provider with that key; `postroom provider list DOMAIN` names them."""


def sync_provider(
    domain: Annotated[
        str, typer.Argument(help="A mail domain of this server, or * for the server's own file.")
    ],
    key: Annotated[str, typer.Argument(help="The provider's key.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be done.")] = False,
    believe: Annotated[
        bool, typer.Option("--believe", help="Believe it even if it names far fewer people than before.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read everybody from a provider now: addresses and attributes are renewed, changed or ended as it says."""
    tally = finish(_sync(domain, key, is_dry=dry_run, is_believed=believe, is_quiet=as_json))
    tell({**asdict(tally), "dry_run": dry_run}, _words(tally, is_dry=dry_run), as_json=as_json)


def _words(tally: Tally, *, is_dry: bool) -> str:
    return (
        f"{'Would be done: ' if is_dry else ''}{tally.seen} entries read; of our people {tally.renewed} as before, "
        f"{tally.changed} changed, {tally.created} new, {tally.removed} gone ({tally.signed_out} sessions ended); "
        f"{tally.strangers} entries of nobody here, {tally.conflicts} addresses of somebody else."
    )


async def _sync(domain: str, key: str, *, is_dry: bool, is_believed: bool, is_quiet: bool) -> Tally:
    async with opened() as database:
        async with database.read() as reader:
            robot, entry = await _named(reader, domain, key)
        with _bar(is_quiet=is_quiet) as progress:
            try:
                return await sync(
                    database, robot, entry, is_dry=is_dry, is_believed=is_believed, progress=progress
                )
            except ProviderAway as away:
                raise ProviderAway(message=f"Nothing was changed: {away.detail or away.message}") from away


async def _named(reader: Reader, domain: str, key: str) -> tuple[Robot, Entry]:
    if domain == SERVER:
        robot = await robot_named(reader, None, first_of_several=True)
        found = next(
            (each for each in await every_entry(reader) if (each.scope, each.key) == (SERVER, key)), None
        )
    else:
        robot = await robot_of_address(reader, domain)
        found = (await auth_config(reader, robot)).entry(key)
    if found is None:
        raise NoSuchProvider
    return robot, found


@contextmanager
def _bar(*, is_quiet: bool) -> Iterator[Progress]:
    """What draws the progress on a terminal's standard error, and nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=is_quiet or not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)

        def progress(what: str, count: int, total: int | None) -> None:
            bar.update(task, description=what, completed=count, total=total)

        yield progress
