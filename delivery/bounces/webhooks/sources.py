"""Who may tell of bounces: set, listed and removed by the operator, and found by the name in the address (row 46)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from delivery.bounces.webhooks import mailgun, sendgrid, standard
from delivery.bounces.webhooks.event import Event, Signed
from identity.actor import Actor
from identity.refusal import Invalid, NotFound, Taken
from identity.secrets_by_reference import SecretReference
from lists.robots import OperatorOnly
from storage import audit, webhook_sources
from storage.database import Reader, UnitOfWork
from storage.tables.lists import Robot
from storage.tables.webhooks import WebhookKind, WebhookSource

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_REFERENCE: TypeAdapter[str] = TypeAdapter(SecretReference)


class NoSuchWebhook(NotFound):
    """There is no bounce webhook of this name in this domain."""


class BadWebhookName(Invalid):
    """A webhook's name is made of small letters, digits and hyphens, at most 40."""


class WebhookNameTaken(Taken):
    """Another domain of this server has a bounce webhook of this name."""


@dataclass(frozen=True, slots=True)
class Form:
    """How one kind signs and writes: `proved` checks a signature with the secret, `events` reads the body after that."""

    proved: Callable[[str, Mapping[str, str], bytes], Signed]
    events: Callable[[bytes], list[Event]]
    # Raises SecretMissing for a secret that proves nothing.
    check: Callable[[str], object]


FORMS: Mapping[WebhookKind, Form] = {
    WebhookKind.STANDARD: Form(standard.proved, standard.events, standard.key_of),
    WebhookKind.MAILGUN: Form(mailgun.proved, mailgun.events, standard.key_of),
    WebhookKind.SENDGRID: Form(sendgrid.proved, sendgrid.events, sendgrid.public_key),
}


async def set_source(
    uow: UnitOfWork, actor: Actor, robot: Robot, name: str, kind: WebhookKind, secret: str
) -> WebhookSource:
    """Let whoever has the secret tell of this robot's bounces under a name; one that is there is changed.

    `secret` is a reference, env:NAME or file:/PATH. Raises OperatorOnly, BadWebhookName, WebhookNameTaken, Invalid.
    """
    _require_operator(actor)
    if not _NAME.fullmatch(name):
        raise BadWebhookName(path=("name",))
    try:
        _REFERENCE.validate_python(secret)
    except ValidationError as problem:
        sentence = problem.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise Invalid(f"{sentence[:1].upper()}{sentence[1:]}.", path=("secret",)) from None
    if not await webhook_sources.put(uow, robot.id, name, kind, secret):
        raise WebhookNameTaken(path=("name",))
    await _record(uow, actor, robot, "bounce_webhook_set", {"name": name, "kind": kind.value})
    return await named(uow, actor, robot, name)


async def remove_source(uow: UnitOfWork, actor: Actor, robot: Robot, name: str) -> None:
    """Believe a source no more. Raises OperatorOnly, NoSuchWebhook."""
    source = await named(uow, actor, robot, name)
    await webhook_sources.remove(uow, source.id)
    await _record(uow, actor, robot, "bounce_webhook_removed", {"name": name})


async def named(reader: Reader, actor: Actor, robot: Robot, name: str) -> WebhookSource:
    """A robot's source. Raises OperatorOnly, NoSuchWebhook."""
    _require_operator(actor)
    source = await webhook_sources.find(reader, name)
    if source is None or source.robot_id != robot.id:
        raise NoSuchWebhook
    return source


async def of_robot(reader: Reader, actor: Actor, robot: Robot) -> list[WebhookSource]:
    """A robot's sources, by name. Raises OperatorOnly."""
    _require_operator(actor)
    return await webhook_sources.of_robot(reader, robot.id)


def _require_operator(actor: Actor) -> None:
    if not actor.is_operator:
        raise OperatorOnly


async def _record(uow: UnitOfWork, actor: Actor, robot: Robot, event: str, detail: dict[str, str]) -> None:
    await audit.record(uow, event, actor=actor.sender, via=actor.via, robot_id=robot.id, detail=detail)
