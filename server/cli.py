"""The program `postroom`: finds the command that is called, and says in one sentence what went wrong."""

import importlib
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import orjson
import typer

from server.plugs import COMMANDS, plugged

# A subject's module is loaded only for its own commands, so that `postroom settings` need not wait for GraphQL.
SUBJECTS = {
    "serve": "server.commands.roles",
    "web": "server.commands.roles",
    "worker": "server.commands.roles",
    "door": "server.commands.roles",
    "migrate": "server.commands.migrate",
    "settings": "server.commands.settings",
    "doctor": "server.commands.doctor",
    "robot": "server.commands.robot",
    "list": "server.commands.mailing_list",
    "person": "server.commands.person",
    "token": "server.commands.token",
    "application": "server.commands.application",
    "provider": "server.commands.provider",
    "membership": "server.commands.membership",
    "family": "server.commands.family",
    "delivery": "server.commands.delivery",
    "scenario": "server.commands.scenario",
    "topic": "server.commands.topic",
    "template": "server.commands.template",
    "bounce": "server.commands.bounce",
    "dkim": "server.commands.dkim",
    "peer": "server.commands.peer",
    "plan": "server.commands.plan",
    "apply": "server.commands.plan",
    "export": "server.commands.plan",
}
REFUSED, BROKEN = 1, 70


def program(word: str | None = None) -> typer.Typer:
    """The commands, or only those of the subject that `word` names."""
    app = typer.Typer(
        name="postroom",
        help="Postroom, a mailing-list server with a GraphQL interface.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_no_options)
    places = dict(SUBJECTS) | {name: point.module for name, point in plugged(COMMANDS).items()}
    wanted = {places[word]} if word in places else set(places.values())
    for place in dict.fromkeys(place for place in places.values() if place in wanted):
        importlib.import_module(place).register(app)
    return app


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its code: 0 done, 1 refused, 2 written wrongly, 70 broken."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        command = typer.main.get_command(program(words[0] if words else None))
        command.main(args=words, prog_name="postroom")
    except Exception as problem:  # noqa: BLE001 (what is no refusal is shown whole)
        code = getattr(problem, "code", None)
        if not isinstance(code, str):
            traceback.print_exc()
            sys.exit(BROKEN)
        sys.stderr.write(in_one_sentence(problem, code, as_json="--json" in words))
        sys.exit(REFUSED)


def in_one_sentence(problem: Exception, code: str, *, as_json: bool) -> str:
    """What stderr is told of a refusal: its sentence and its code."""
    sentence = str(problem) or (type(problem).__doc__ or "").partition("\n")[0]
    if as_json:
        error: dict[str, Any] = {"code": code.upper(), "message": sentence}
        decision = getattr(problem, "decision", None)
        if decision is not None and decision.id:
            error["decision"] = decision.id
        return orjson.dumps({"error": error}).decode() + "\n"
    return f"postroom: {sentence} [{code.upper()}]\n"


def _no_options() -> None:
    """Keeps `postroom` a program with subcommands, however few were loaded."""


if __name__ == "__main__":
    main()
