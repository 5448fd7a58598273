"""`postroom scenario`: policies as text, read, compared, written, and asked."""

import typer

from server.commands import scenario_check, scenario_decide


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Policies as text.")
    subject.callback()(_scenarios)
    subject.command("check")(scenario_check.check)
    subject.command("decide")(scenario_decide.decide)
    app.add_typer(subject, name="scenario")


def _scenarios() -> None:
    """Policies as text."""
