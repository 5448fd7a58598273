"""`postroom settings`: every setting, its value in force, and what it does."""

import os
from typing import Any

import typer

from server.commands.answers import AsJson, tell
from server.settings import ENV_PREFIX, Settings, load_settings, unknown_variables


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings")(settings)


def settings(*, as_json: AsJson = False) -> None:
    """Show every setting: its variable, its value now, and what it does."""
    found = load_settings()
    rows = [_row(found, name) for name in Settings.model_fields]
    unknown = unknown_variables(os.environ)
    lines = [f"{row['variable']}={row['value']}\n    {row['description']}" for row in rows]
    lines += [f"\nNo setting is called {name}; is it misspelt?" for name in unknown]
    tell({"settings": rows, "unknown": unknown}, "\n".join(lines), as_json=as_json)


def _row(found: Settings, name: str) -> dict[str, Any]:
    value = getattr(found, name)
    text = ",".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    return {
        "name": name,
        "variable": f"{ENV_PREFIX}{name.upper()}",
        "value": text,
        "description": Settings.model_fields[name].description,
    }
