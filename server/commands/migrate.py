"""`postroom migrate`: bring the tables of the database to this version."""

import typer

from server.commands.answers import AsJson, tell
from server.commands.shell import finish, quiet_settings
from server.settings import make_data_dir
from storage import opening


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(*, as_json: AsJson = False) -> None:
    """Bring the tables of the database to this version; does nothing when they are."""
    before, now = finish(_migrated())
    text = f"The tables are at revision {now}." if before == now else f"From {before or 'nothing'} to {now}."
    tell({"before": before, "now": now}, text, as_json=as_json)


async def _migrated() -> tuple[str | None, str | None]:
    settings = quiet_settings()
    make_data_dir(settings)
    before, _ = await opening.schema_revisions(settings.database_url)
    await opening.migrate(settings.database_url)
    now, _ = await opening.schema_revisions(settings.database_url)
    return before, now
