"""`postroom scenario`: policies as text, read, compared, written, and asked."""

import typer

from server.commands import scenario_check, scenario_decide, scenario_explain, scenario_import, scenario_text


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Policies as text.")
    subject.callback()(_scenarios)
    subject.command("check")(scenario_check.check)
    subject.command("decide")(scenario_decide.decide)
    subject.command("explain")(scenario_explain.explain)
    subject.command("import")(scenario_import.import_tree)
    subject.command("list")(scenario_text.every)
    subject.command("remove")(scenario_text.remove)
    subject.command("set")(scenario_text.write)
    subject.command("show")(scenario_text.show)
    app.add_typer(subject, name="scenario")


def _scenarios() -> None:
    """Policies as text."""
