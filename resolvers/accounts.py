"""What happens to an account: alerts, joining another account and undoing that, and its removal."""

from typing import Annotated, Any

import orjson
import strawberry

from identity import merging, removal
from identity.refusal import NotFound
from identity.standing import own_session
from mail.address import masked
from resolvers.context import Context, Info, reading
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.payloads import Payload, refusable
from resolvers.people import is_self
from schema.inputs.accounts import (
    AccountMergeInput,
    AccountRemoveInput,
    AccountUnmergeInput,
    AlertDismissInput,
)
from schema.inputs.common import Everything
from storage import alerts, merges, removals
from storage.database import UnitOfWork
from storage.tables.account_life import Alert, Merge
from storage.tables.people import Person


def _is_own(context: Context, person: Person) -> bool:
    return is_self(context, person.id) and not context.actor.application


def detail(root: Alert, name: str) -> Any:
    """One value of what an alert says; None where it says nothing of that name."""
    return orjson.loads(root.detail).get(name)


async def alerts_of(root: strawberry.Parent[Person], info: Info) -> list[Alert]:
    """What the person was told and has not put away; for the person."""
    if not _is_own(info.context, root):
        return []
    async with reading(info) as reader:
        return await alerts.waiting(reader, root.id)


async def merges_of(root: strawberry.Parent[Person], info: Info) -> list[Merge]:
    """Accounts that were joined to this one and can be parted from it; for the person."""
    if not _is_own(info.context, root):
        return []
    async with reading(info) as reader:
        return await merging.joined_accounts(reader, root.id)


async def removal_due_at(root: strawberry.Parent[Person], info: Info) -> int | None:
    """When the account is to go, for the person."""
    if not _is_own(info.context, root):
        return None
    async with reading(info) as reader:
        marked = await removals.find(reader, root.id)
    return None if marked is None else marked.due_at


async def alert_by_key(context: Context, key: int) -> Alert | None:
    """One of the asker's own."""
    person = context.actor.person
    if person is None or context.actor.application:
        return None
    async with context.db.read() as reader:
        return next((each for each in await alerts.waiting(reader, person.id) if each.id == key), None)


async def merge_by_key(context: Context, key: int) -> Merge | None:
    """One of the asker's own."""
    person = context.actor.person
    if person is None or context.actor.application:
        return None
    async with context.db.read() as reader:
        return next((each for each in await merges.of_person(reader, person.id) if each.id == key), None)


@refusable
@idempotent
async def alert_dismiss(
    info: Info, uow: UnitOfWork, input: Annotated[AlertDismissInput, Everything]
) -> Payload:
    """Put an alert away."""
    person, _ = own_session(info.context.actor)
    if not await alerts.dismiss(uow, person.id, key_of(info.context, input.alert_id, "Alert")):
        raise NotFound(path=("alert_id",))
    return Payload(user=person)


@refusable
@idempotent
async def account_merge(
    info: Info, uow: UnitOfWork, input: Annotated[AccountMergeInput, Everything]
) -> Payload:
    """Join another account to the asker's."""
    made = await merging.join(uow, info.context.actor, input.session_token)
    info.context.forget()
    return Payload(account_merge=made, user=info.context.actor.person)


@refusable
@idempotent
async def account_unmerge(
    info: Info, uow: UnitOfWork, input: Annotated[AccountUnmergeInput, Everything]
) -> Payload:
    """Make two accounts of one again; every session ends, the asker's too."""
    key = key_of(info.context, input.account_merge_id, "AccountMerge")
    gone = await merging.undo_own(uow, info.context.actor, key)
    return Payload(email=gone.main_address)


@refusable
@idempotent
async def account_remove(
    info: Info, uow: UnitOfWork, input: Annotated[AccountRemoveInput, Everything]
) -> Payload:
    """Mail the ticket whose button removes the account."""
    return Payload(sent_to=masked(await removal.ask(uow, info.context.actor)))
