"""`postroom bounce webhook`: who may tell of bounces by a signed request."""

import secrets
import time
from typing import Annotated, Any

import httpx
import orjson
import typer

from delivery.bounces.webhooks import mailgun, sources, standard
from delivery.bounces.webhooks.sources import FORMS
from identity.secrets_by_reference import SecretMissing, secret_of
from lists.robots import base_url
from mail.instant import to_datetime
from server.bounce_webhooks import PATH
from server.commands.answers import AsJson, table, tell
from server.commands.shell import As, caller, finish, opened, robot_named
from storage.database import Reader, UnitOfWork
from storage.tables.lists import Robot
from storage.tables.webhooks import WebhookKind, WebhookSource
from storage.trials import tried

Name = Annotated[str, typer.Argument(help="Its name, the last part of the address that it calls.")]
OfRobot = Annotated[str | None, typer.Option("--robot", help="The domain whose mail it passes on.")]
_SECONDS = 20
Dry = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    subject = typer.Typer(no_args_is_help=True, help="Providers and scripts that tell of bounces by HTTP.")
    subject.command("list")(every)
    subject.command("set")(write)
    subject.command("remove")(remove)
    subject.command("test")(try_out)
    app.add_typer(subject, name="webhook")


def every(robot: OfRobot = None, *, who: As = None, as_json: AsJson = False) -> None:
    """Name who may tell of a domain's bounces, with the address that each calls."""
    found = finish(_every(robot, who))
    rows = [(each["name"], each["kind"], each["url"], each["heard_at"] or "never") for each in found]
    tell({"webhooks": found}, table(rows), as_json=as_json)


async def _every(domain: str | None, who: str | None) -> list[dict[str, Any]]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        found = await sources.of_robot(reader, await caller(reader, robot, who), robot)
        return [_shown(reader, robot, each) for each in found]


def write(
    name: Name,
    kind: Annotated[WebhookKind, typer.Option(help="How it signs and what it writes.")],
    secret: Annotated[
        str,
        typer.Option(help="Where its secret is, env:NAME or file:/PATH; for sendgrid, its verification key."),
    ],
    robot: OfRobot = None,
    *,
    dry_run: Dry = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody tell of a domain's bounces, or change how they do."""
    found = finish(_write(name, kind, secret, robot, who, is_dry=dry_run))
    words = "would tell" if dry_run else "tells"
    said = f"{name} {words} of bounces at {found['url']}"
    tell({**found, "dry_run": dry_run}, said, as_json=as_json)


async def _write(
    name: str, kind: WebhookKind, secret: str, domain: str | None, who: str | None, *, is_dry: bool
) -> dict[str, Any]:
    async def put(uow: UnitOfWork) -> dict[str, Any]:
        robot = await robot_named(uow, domain)
        actor = await caller(uow, robot, who)
        return _shown(uow, robot, await sources.set_source(uow, actor, robot, name, kind, secret))

    async with opened() as database:
        return await tried(database, put, is_dry=is_dry)


def remove(
    name: Name, robot: OfRobot = None, *, dry_run: Dry = False, who: As = None, as_json: AsJson = False
) -> None:
    """Believe nobody under this name any more."""
    finish(_remove(name, robot, who, is_dry=dry_run))
    words = "would be" if dry_run else "is"
    tell({"removed": name, "dry_run": dry_run}, f"{name} {words} removed.", as_json=as_json)


async def _remove(name: str, domain: str | None, who: str | None, *, is_dry: bool) -> None:
    async with opened() as database, database.write() as uow:
        robot = await robot_named(uow, domain)
        actor = await caller(uow, robot, who)
        if is_dry:
            await sources.named(uow, actor, robot, name)
        else:
            await sources.remove_source(uow, actor, robot, name)


def try_out(
    name: Name,
    robot: OfRobot = None,
    *,
    send: Annotated[
        bool,
        typer.Option("--send", help="Also sign a request that tells of nothing, and send it to the address."),
    ] = False,
    who: As = None,
    as_json: AsJson = False,
) -> None:
    """Try a webhook's secret, without showing it; leaves with 1 when it can prove nothing.

    The secret is read by this command; with --send the server that answers at the address needs to have it, too.
    """
    source, url = finish(_one(name, robot, who))
    problem = _problem(source, url if send else "")
    good = "the server took a request that was signed with it." if send else "it is there and can be used."
    said = f"{name}: {problem or good}"
    tell({"name": name, "is_good": not problem, "problem": problem or None}, said, as_json=as_json)
    if problem:
        raise typer.Exit(1)


async def _one(name: str, domain: str | None, who: str | None) -> tuple[WebhookSource, str]:
    async with opened() as database, database.read() as reader:
        robot = await robot_named(reader, domain)
        source = await sources.named(reader, await caller(reader, robot, who), robot, name)
        return source, _url(reader, robot, source)


def _problem(source: WebhookSource, url: str) -> str:
    try:
        secret = secret_of(source.secret)
        FORMS[source.kind].check(secret)
    except SecretMissing as missing:
        return f"{missing}."
    if not url:
        return ""
    if source.kind is WebhookKind.SENDGRID:
        return "only SendGrid itself can sign; send a test event from its pages."
    body, fields = _request(source, secret)
    try:
        answer = httpx.post(url, content=body, headers=fields, timeout=_SECONDS)
    except httpx.HTTPError as away:
        return f"{url} does not answer: {type(away).__name__}."
    return (
        ""
        if answer.status_code == httpx.codes.OK
        else f"{url} answers {answer.status_code}: {answer.text[:300]}"
    )


def _request(source: WebhookSource, secret: str) -> tuple[bytes, dict[str, str]]:
    """A signed request that tells of nothing, with its header fields."""
    id, at, json = secrets.token_hex(20), str(int(time.time())), {"Content-Type": "application/json"}
    if source.kind is WebhookKind.MAILGUN:
        signed = {"timestamp": at, "token": id, "signature": mailgun.signature(secret, at, id)}
        told = {"signature": signed, "event-data": {"id": f"test {id}", "event": "delivered"}}
        return orjson.dumps(told), json
    body = b'{"events": []}'
    named = {"webhook-id": id, "webhook-timestamp": at}
    return body, json | named | {"webhook-signature": standard.signature(secret, id, at, body)}


def _url(reader: Reader, robot: Robot, source: WebhookSource) -> str:
    return f"{base_url(reader.site, robot)}{PATH}/{source.name}"


def _shown(reader: Reader, robot: Robot, source: WebhookSource) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind.value,
        "robot": robot.domain,
        "url": _url(reader, robot, source),
        "secret": source.secret,
        "heard_at": None if source.heard_at is None else to_datetime(source.heard_at).isoformat(),
    }
