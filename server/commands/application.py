"""`postroom application`: the programs that a domain trusts to speak for people."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from identity import applications
from identity.actor import operator
from identity.application_keys import BadKey, NewKey, read_keys
from identity.applications import Trust
from identity.refusal import Invalid
from lists import trusted_applications
from mail.instant import DAY, from_rfc3339, to_rfc3339
from server.commands.answers import AsJson, table, tell
from server.commands.shell import finish, opened, robot_named, split_settings
from storage import applications as stored
from storage.tables.applications import Application, ApplicationKey
from storage.tables.words import TokenScope

Domain = Annotated[str, typer.Argument(help="The robot's domain.")]
Named = Annotated[str, typer.Argument(help="The application's name or client id.")]
KeyFiles = Annotated[
    list[Path],
    typer.Option("--key", help="A file with public keys: a JWK, a JWK set or PEM; again for more."),
]
NotBefore = Annotated[str, typer.Option(help="From when on the keys hold, such as 2030-01-31T00:00:00Z.")]
NotAfter = Annotated[str, typer.Option(help="Until when the keys hold.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Applications that may speak for people.")
    subject.command("register")(register_application)
    subject.command("list")(list_applications)
    subject.command("show")(show)
    subject.command("rotate")(rotate)
    subject.command("revoke")(revoke)
    app.add_typer(subject, name="application")


def register_application(
    domain: Domain,
    name: Annotated[str, typer.Argument(help="Its name, which scenarios, people and the audit see.")],
    key: KeyFiles,
    operation: Annotated[
        list[str] | None,
        typer.Option(help="An operation of scenarios that it may do, or own or moderate; again for more."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, subscribe, post, own or administrate; again for more. read when left out."),
    ] = None,
    assertable: Annotated[
        list[str] | None, typer.Option("--assert", help="A variable that it may set; again for more.")
    ] = None,
    fixed: Annotated[
        list[str] | None,
        typer.Option(help="A variable that it always has, as NAME=VALUE; wins over its own; again for more."),
    ] = None,
    people_of: Annotated[
        list[str] | None,
        typer.Option(
            "--domain", help="A domain whose addresses it may name; again for more. None for nobody."
        ),
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="A network that it may come from; again for more.")
    ] = None,
    requires_grant: Annotated[
        bool, typer.Option("--requires-grant", help="Each person has to allow it first.")
    ] = False,
    not_before: NotBefore = "",
    not_after: NotAfter = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Trust an application from now on; it names itself by the client id that this prints."""
    trust = Trust(
        operations=operation or (),
        scopes=[_scope(word) for word in scope or ["read"]],
        assertable=assertable or (),
        fixed={name: str(value) for name, value in split_settings(fixed or []).items()},
        domains=people_of or (),
        networks=network or (),
        requires_grant=requires_grant,
    )
    found = finish(_register(domain, name, _keys(key, not_before, not_after), trust))
    tell(found, _words(found), as_json=as_json)


async def _register(domain: str, name: str, keys: list[NewKey], trust: Trust) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain)
        made = await trusted_applications.register(uow, operator(robot), name, keys, trust)
        return _shown(made, await stored.keys(uow, [made.id]))


def list_applications(domain: Domain, *, as_json: AsJson = False) -> None:
    """Name a domain's applications."""
    found = finish(_every(domain))
    rows = [
        (
            each["name"],
            each["client_id"],
            f"revoked {each['revoked_at']}" if each["revoked_at"] else "trusted",
        )
        for each in found
    ]
    tell({"applications": found}, table(rows), as_json=as_json)


async def _every(domain: str) -> list[dict[str, Any]]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        found = await trusted_applications.every(reader, operator(robot))
        keys = await stored.keys(reader, [each.id for each in found])
    return [_shown(each, [key for key in keys if key.application_id == each.id]) for each in found]


def show(domain: Domain, name: Named, *, as_json: AsJson = False) -> None:
    """Show what an application is trusted with."""
    found = finish(_show(domain, name))
    tell(found, _words(found), as_json=as_json)


async def _show(domain: str, name: str) -> dict[str, Any]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        found = await applications.find(reader, robot.id, name)
        return _shown(found, await stored.keys(reader, [found.id]))


def rotate(
    domain: Domain,
    name: Named,
    key: KeyFiles,
    overlap: Annotated[int, typer.Option(min=0, max=90, help="How many days the old keys go on.")] = 1,
    not_before: NotBefore = "",
    not_after: NotAfter = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Give an application new keys; 0 days of overlap end the old ones at once."""
    found = finish(_rotate(domain, name, _keys(key, not_before, not_after), overlap * DAY))
    tell(found, _words(found), as_json=as_json)


async def _rotate(domain: str, name: str, keys: list[NewKey], overlap: int) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain)
        return _shown(*await trusted_applications.rotate(uow, operator(robot), name, keys, overlap=overlap))


def revoke(domain: Domain, name: Named, *, as_json: AsJson = False) -> None:
    """End the trust in an application and all that it has open, at once and for good."""
    found = finish(_revoke(domain, name))
    tell(found, f"{found['name']} is trusted no more.", as_json=as_json)


async def _revoke(domain: str, name: str) -> dict[str, Any]:
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain)
        ended = await trusted_applications.revoke(uow, operator(robot), name)
        return _shown(ended, await stored.keys(uow, [ended.id]))


def _keys(files: list[Path], not_before: str, not_after: str) -> list[NewKey]:
    found = []
    for file in files:
        try:
            found += read_keys(file.read_bytes())
        except OSError as problem:
            raise BadKey(f"{file} cannot be read: {problem.strerror}.") from None
    begin, end = _instant(not_before), _instant(not_after)
    return [
        replace(
            each,
            not_before=each.not_before if begin is None else begin,
            not_after=each.not_after if end is None else end,
        )
        for each in found
    ]


def _instant(text: str) -> int | None:
    try:
        return from_rfc3339(text) if text else None
    except ValueError as problem:
        raise Invalid(str(problem)) from None


def _scope(word: str) -> TokenScope:
    try:
        return TokenScope(word.lower())
    except ValueError:
        known = ", ".join(scope.value for scope in TokenScope)
        raise Invalid(f"A scope is one of {known}; not {word!r}.") from None


def _shown(application: Application, keys: Iterable[ApplicationKey]) -> dict[str, Any]:
    return {
        "client_id": application.client_id,
        "name": application.name,
        "operations": application.operations.split(),
        "scopes": application.scopes.split(),
        "assertions": application.assertable.split(),
        "fixed": applications.fixed_of(application),
        "domains": application.domains.split(),
        "networks": application.networks.split(),
        "requires_grant": application.requires_grant,
        "keys": [
            {
                "kid": key.kid,
                "algorithm": key.algorithm,
                "jwk": orjson.loads(key.jwk),
                "not_before": _when(key.not_before),
                "not_after": _when(key.not_after),
            }
            for key in keys
        ],
        "last_used_at": _when(application.last_used_at),
        "revoked_at": _when(application.revoked_at),
    }


def _when(instant: int | None) -> str | None:
    return None if instant is None else to_rfc3339(instant)


def _words(found: dict[str, Any]) -> str:
    rows = [(name, _cell(value)) for name, value in found.items() if name != "keys"]
    limits = [
        (f"key {key['kid']}", f"{key['algorithm']} {key['not_before'] or ''} to {key['not_after'] or ''}")
        for key in found["keys"]
    ]
    return table([*rows, *limits])


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={each}" for name, each in value.items()) or "-"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value or "-")
