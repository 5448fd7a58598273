"""Second factors of the person who asks: shown, set up in two steps, taken away."""

from typing import Annotated

import strawberry

from identity import factor_changes
from identity.factor_changes import Begun
from resolvers.context import Context, Info, reading, writing
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.payloads import Payload, refusable
from resolvers.people import is_self
from resolvers.sign_in import become
from schema.inputs.common import Everything, given
from schema.inputs.second_factors import (
    RecoveryCodesRenewInput,
    SecondFactorBeginInput,
    SecondFactorConfirmInput,
    SecondFactorRemoveInput,
)
from storage.database import UnitOfWork
from storage.tables.people import Person
from storage.tables.second_factors import FactorKind, SecondFactor


def attempt_id(root: Begun, _context: Context) -> strawberry.ID:
    """What the client hands back."""
    return strawberry.ID(root.attempt_id)


async def factors_of_person(root: strawberry.Parent[Person], info: Info) -> list[SecondFactor]:
    """The person's own; nobody else sees any."""
    context = info.context
    if not is_self(context, root.id) or context.actor.application:
        return []
    async with reading(info) as reader:
        return (await factor_changes.factors_of(reader, context.actor))[0]


async def recovery_codes_left(root: strawberry.Parent[Person], info: Info) -> int | None:
    """How many recovery codes are unused; for the person."""
    context = info.context
    if not is_self(context, root.id) or context.actor.application:
        return None
    async with reading(info) as reader:
        return (await factor_changes.factors_of(reader, context.actor))[1]


async def factor_by_key(context: Context, key: int) -> SecondFactor | None:
    """One of the asker's own."""
    async with context.db.read() as reader:
        mine, _ = await factor_changes.factors_of(reader, context.actor)
    return next((each for each in mine if each.id == key), None)


@refusable
async def second_factor_begin(info: Info, input: Annotated[SecondFactorBeginInput, Everything]) -> Payload:
    """Begin to set one up; nothing is written."""
    async with reading(info) as reader:
        kind = FactorKind(input.kind.value)
        return Payload(enrolment=await factor_changes.begin_factor(reader, info.context.actor, kind))


@refusable
async def second_factor_confirm(
    info: Info, input: Annotated[SecondFactorConfirmInput, Everything]
) -> Payload:
    """Keep it; a browser's cookie is renewed, since the old one ends."""
    context = info.context
    async with writing(info) as uow:
        made = await factor_changes.confirm_factor(
            uow,
            context.actor,
            input.attempt_id,
            code=given(input.code) or "",
            answer=given(input.credential) or "",
            label=given(input.label) or "",
            hands_out_token=context.facts.by_cookie,
        )
    if made.raw_token is not None:
        context.answering.set_cookie(made.raw_token)
        await become(context, made.raw_token)
    return Payload(
        second_factor=made.factor, recovery_codes=[*made.codes] if made.codes else None, session=made.session
    )


@refusable
@idempotent
async def second_factor_remove(
    info: Info, uow: UnitOfWork, input: Annotated[SecondFactorRemoveInput, Everything]
) -> Payload:
    """Take one away."""
    context = info.context
    key = key_of(context, input.second_factor_id, "SecondFactor")
    await factor_changes.remove_factor(uow, context.actor, key)
    return Payload(user=context.actor.person)


@refusable
async def recovery_codes_renew(info: Info, input: Annotated[RecoveryCodesRenewInput, Everything]) -> Payload:
    """Make new ones; an answer that got lost is asked for again, since they are kept nowhere."""
    async with writing(info) as uow:
        return Payload(recovery_codes=await factor_changes.renew_codes(uow, info.context.actor))
