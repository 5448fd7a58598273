"""`postroom doctor`: look at everything this service needs, and say what to do about what is missing."""

import os
import sys
from dataclasses import asdict

import typer

from server.commands.answers import AsJson, tell
from server.commands.shell import finish, quiet_settings
from server.doctor import Finding, Verdict, examine

_MARKS = {Verdict.FINE: "ok  ", Verdict.MIND: "note", Verdict.BROKEN: "FAIL"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(*, as_json: AsJson = False) -> None:
    """Say in words what is missing or misconfigured; leaves with 1 when something does not work."""
    found = finish(_look(silently=as_json))
    is_well = all(finding.verdict is not Verdict.BROKEN for finding in found)
    if as_json:
        tell({"ok": is_well, "findings": [asdict(finding) for finding in found]}, "", as_json=True)
    if not is_well:
        raise typer.Exit(1)


async def _look(*, silently: bool) -> list[Finding]:
    found = []
    async for finding in examine(quiet_settings(), os.environ):
        found.append(finding)
        if not silently:
            sys.stdout.write(f"{_MARKS[finding.verdict]}  {finding.about}: {finding.sentence}\n")
            sys.stdout.flush()
    return found
