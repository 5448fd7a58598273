"""`postroom template`: footers and the like, read before a list uses them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from identity.refusal import Invalid
from lists.template_words import WORDS
from lists.templates import Form, Template, html_template, read_template, text_template
from server.commands.answers import AsJson, table, tell


class TemplateRefused(Invalid):
    """This template cannot be used."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Templates of headers and footers.")
    subject.command("check")(check)
    subject.command("variables")(variables)
    app.add_typer(subject, name="template")


def check(
    place: Annotated[str, typer.Argument(help="A file, or - for standard input.")],
    *,
    html: Annotated[bool, typer.Option("--html", help="It is the HTML of a footer.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a template and tell what it mentions; leaves with 1 when a list would not take it."""
    text = sys.stdin.read() if place == "-" else Path(place).read_text(encoding="utf-8")
    try:
        found = _read(text, is_html=html)
    except ValueError as bad:
        raise TemplateRefused(f"{place} is not {bad}") from bad
    own = "each recipient gets a copy of their own" if found.is_personal else "recipients share a copy"
    value = {"variables": list(found.names), "personal": found.is_personal}
    tell(value, f"{', '.join(found.names) or 'no variables'}: {own}", as_json=as_json)


def _read(text: str, *, is_html: bool) -> Template:
    if is_html:
        return read_template(html_template(text), Form.HTML)
    return read_template(text_template(text))


def variables(*, as_json: AsJson = False) -> None:
    """Name what templates may mention."""
    value = {word.name: word.description for word in WORDS}
    tell(value, table([(word.name, word.description) for word in WORDS]), as_json=as_json)
