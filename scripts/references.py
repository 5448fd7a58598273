"""The reference pages under docs/reference/, written from what the program itself declares: `python -m scripts.references`."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from lists.robot_settings import ROBOT_SETTINGS
from lists.settings import SETTINGS, Setting
from scenarios.grammar import parse_scenario
from scenarios.library import shipped_names, shipped_text
from scenarios.operations import OPERATIONS
from scenarios.parameterised import MOST_PARAMETERS
from scripts.attacks import page as attacks_page
from scripts.decision_table import decision_table
from scripts.peer_threats import page as peer_threats_page
from scripts.provider_reference import providers
from server.cli import program
from server.settings_reference import settings_reference

FOLDER = Path(__file__).parent.parent / "docs" / "reference"

COMMANDS_HEAD = """\
# Commands

`postroom COMMAND --help` says the same. With `--json` a command answers for programs: its result on standard output,
a refusal on standard error as `{"error": {"code": …, "message": …}}`. It leaves with 0 when it is done, 1 when it was
refused, 2 when it was written wrongly, 70 when something broke. Where a decision refused, `error` has its id as `decision`,
for `postroom scenario explain`.

Commands act as the operator, who is obeyed, and written down as such. With `--as ADDRESS` a command acts as that person: the
same rules are asked as everywhere else, and refuse alike.
"""
LIST_SETTINGS_HEAD = """\
# Settings of a list

One name for each setting, wherever it is set: `postroom list set ADDRESS name=value`, a plan file, a kind of list. A
setting that takes a scenario takes the name of [a shipped one](scenarios.md). What a few of them are for is
[planned](../roadmap.md) and has no effect yet.

| setting | on a new list | takes | what it does |
|---|---|---|---|
"""
ROBOT_SETTINGS_HEAD = """\
# Settings of a domain

Set by `postroom robot set DOMAIN name=value`, in a plan file beside the domain's title, or through the API (`robotUpdate`),
where listmasters may change all but `listmasters_are_owners`. A setting that takes a scenario takes the name of [a shipped
one](scenarios.md). Documents and families are [planned](../roadmap.md): who may do what with them can be set and
asked already, and nothing follows from it.

| setting | on a new domain | takes | what it does |
|---|---|---|---|
"""
SCENARIOS_HEAD = f"""\
# Scenarios

The policies that come with the program. A list names one for each operation in [its settings](list-settings.md); the
first line whose condition holds, for one of the methods by which the person was proved, decides. How surely somebody
is proved: `smtp` by nothing but the mail's author, `dkim` by a signature that fits the author's domain, `md5` by a
sign-in, a confirmation or a token, `smime` by a signed message. A refusal names the line that spoke, such as
`send.private, line 10`: count it in the text below. [What each decides](scenario-decisions.md) is a page of tables.

## With parameters

Most operations also take a policy that says itself whom it lets through:

| name | lets through |
|---|---|
| `domains(univ.example,*.univ.example)` | people with an address in the domain; with `*.`, in a domain below it |
| `addresses(ana@univ.example,ben@univ.example)` | the people whose addresses these are |
| `lists(staff,students@lists.univ.example)` | the subscribers of these lists |
| `ips(10.0.0.0/8,2001:db8::/32)` | whoever comes from these networks, on the web |

So `postroom list set garden@lists.example.org "visibility=domains(univ.example)"`. Reading (`visibility`, `info`, `review`,
`archive_web_access`, `archive_mail_access`, `d_read`, `tracking`) stays open to subscribers and to those who run the list;
`send`, `invite`, `add` and `d_edit` to those who run it. `create_list` takes a sign-in. With `subscribe`, it is the address
to be subscribed that has to be in the domain, and it is proved first. At most {MOST_PARAMETERS} parameters; all of a person's
addresses count, as everywhere.

## By name

| operation | names | may answer |
|---|---|---|
"""


def commands() -> str:
    """Every command with its arguments and options."""
    return COMMANDS_HEAD + "".join(_commands("postroom", typer.main.get_command(program())))


def _commands(path: str, command: Any) -> Iterator[str]:
    inner: Mapping[str, Any] = getattr(command, "commands", {})
    if not inner:
        yield _command(path, command)
    for name, each in sorted(inner.items()):
        yield from _commands(f"{path} {name}", each)


def _command(path: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and each.name != "help"]
    usage = " ".join([path, *(each.metavar or each.name.upper() for each in arguments)])
    rows = [(f"`{each.metavar or each.name.upper()}`", each.help or "") for each in arguments]
    rows += [
        (f"`{', '.join(each.opts)}`", (each.help or "") + (" Required." if each.required else ""))
        for each in options
    ]
    table = "\n| argument or option | what it is |\n|---|---|\n" if rows else ""
    return f"\n## {usage}\n\n{command.help}\n{table}" + "".join(
        f"| {name} | {text} |\n" for name, text in rows
    )


def list_settings() -> str:
    """Every setting of a list: its value on a new list, what it takes, what it does."""
    return LIST_SETTINGS_HEAD + _rows(SETTINGS)


def robot_settings() -> str:
    """Every setting of a robot, likewise."""
    return ROBOT_SETTINGS_HEAD + _rows(ROBOT_SETTINGS)


def _rows(settings: Mapping[str, Setting]) -> str:
    return "".join(
        f"| `{name}` | {_code(each.show(each.default))} | {_accepted(each)} | {each.sentence} |\n"
        for name, each in settings.items()
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else "empty"


def _accepted(setting: Setting) -> str:
    """What a setting says that it takes, when it is given what none takes."""
    if setting.is_scenario:
        return "a scenario: " + ", ".join(f"`{name}`" for name in shipped_names(setting.name))
    try:
        setting.parse("\x00")
    except ValueError as told:
        return str(told)
    raise LookupError(f"{setting.name} takes anything at all")


def scenarios() -> str:
    """Every shipped scenario: operation, name, title, rules."""
    shipped = {operation: names for operation in sorted(OPERATIONS) if (names := shipped_names(operation))}
    table = "".join(
        f"| `{operation}` | {', '.join(names)} | {', '.join(sorted(OPERATIONS[operation]))} |\n"
        for operation, names in shipped.items()
    )
    parts = (_scenario(operation, name) for operation, names in shipped.items() for name in names)
    return SCENARIOS_HEAD + table + "".join(parts)


def _scenario(operation: str, name: str) -> str:
    text = shipped_text(operation, name) or ""
    title = parse_scenario(text, operation=operation, name=name).titles["default"]
    return f"\n## {operation}.{name}\n\n{title}.\n\n```text\n{text.rstrip()}\n```\n"


REFERENCES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_reference,
    "commands.md": commands,
    "list-settings.md": list_settings,
    "robot-settings.md": robot_settings,
    "scenarios.md": scenarios,
    "scenario-decisions.md": decision_table,
    "providers.md": providers,
    "attacks.md": attacks_page,
    "peer-threats.md": peer_threats_page,
}


def main() -> None:
    """Write all of them."""
    for name, made in REFERENCES.items():
        (FOLDER / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
