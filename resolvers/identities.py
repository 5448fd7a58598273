"""Accounts at providers as a person's ways to sign in."""

from typing import Annotated, Any

import strawberry

from identity import linked
from identity.attributes import Attribute, attributes_of
from identity.linked import LinkedIdentity
from resolvers.context import Context, Info, reading
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.payloads import Payload, refusable
from resolvers.people import is_self
from resolvers.sign_in import visitor_of
from schema.inputs.common import Everything, given
from schema.inputs.identity import IdentityLinkInput, IdentityUnlinkInput
from storage.database import UnitOfWork
from storage.tables.people import Person


async def identities_of(root: strawberry.Parent[Person], info: Info) -> list[LinkedIdentity]:
    """The person's own; nobody else sees any."""
    context = info.context
    if not is_self(context, root.id) or context.actor.application:
        return []
    async with reading(info) as reader:
        return await linked.linked_identities(reader, context.actor)


async def attributes_of_person(root: strawberry.Parent[Person], info: Info) -> list[Attribute]:
    """What sources say of the person here; for the person."""
    context = info.context
    if not is_self(context, root.id) or context.actor.application:
        return []
    async with reading(info) as reader:
        return await attributes_of(reader, root.id, context.actor.robot.id)


async def identity_by_key(context: Context, key: int) -> LinkedIdentity | None:
    """One of the asker's own."""
    async with context.db.read() as reader:
        mine = await linked.linked_identities(reader, context.actor)
    return next((each for each in mine if each.id == key), None)


@refusable
async def identity_link(info: Info, input: Annotated[IdentityLinkInput, Everything]) -> Payload:
    """Begin to add a way to sign in; the steps go on as those of signing in do."""
    context = info.context
    step: Any = await linked.begin_linking(
        context.db,
        context.actor,
        input.provider,
        visitor_of(context),
        return_to=given(input.return_to) or "",
    )
    context.forget()
    return Payload(step=step)


@refusable
@idempotent
async def identity_unlink(
    info: Info, uow: UnitOfWork, input: Annotated[IdentityUnlinkInput, Everything]
) -> Payload:
    """Take a way to sign in away."""
    context = info.context
    await linked.unlink_identity(uow, context.actor, key_of(context, input.identity_id, "LinkedIdentity"))
    return Payload(user=context.actor.person)
