"""The keys that sign what leaves, for listmasters: their public half, their DNS record, and whether the DNS shows it."""

import asyncio
from typing import Annotated

import strawberry
from strawberry import UNSET

from delivery.signing import keeping, keys
from delivery.signing.published import Check, Record, check, record_of
from identity.refusal import NotFound
from lists.mailing_lists import visible_by_id
from resolvers.context import Context, Info, load, reading, writing
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.lists import lists_by_id
from resolvers.pages import Page, page_of_all, window
from resolvers.payloads import Payload, refusable, scoped
from resolvers.robots import listmaster_here
from schema.inputs.common import After, Before, Everything, First, Last, given
from schema.inputs.signing import DkimKeyActivateInput, DkimKeyCreateInput, DkimKeyRetireInput
from storage.database import UnitOfWork
from storage.tables.lists import MailingList, Robot
from storage.tables.signing import Algorithm, DkimKey
from storage.tables.words import TokenScope


async def keys_of_robot(
    root: strawberry.Parent[Robot],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[DkimKey] | None:
    """A domain's keys, its lists' included, oldest first; null for all but its listmasters."""
    wanted = window(info, f"dkim|{root.id}", first, after, last, before)
    if root.id != info.context.actor.robot.id or not await load(info, listmaster_here, root.id):
        return None
    async with reading(info) as reader:
        rows = await keeping.keys_of(reader, info.context.actor, root)
    return page_of_all(wanted, rows, lambda row: (row.id,))


async def keys_of_list(
    root: strawberry.Parent[MailingList],
    info: Info,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[DkimKey] | None:
    """A list's own keys, oldest first; null for all but its domain's listmasters."""
    wanted = window(info, f"dkim of list|{root.id}", first, after, last, before)
    here = info.context.actor.robot
    if root.robot_id != here.id or not await load(info, listmaster_here, here.id):
        return None
    async with reading(info) as reader:
        rows = await keeping.keys_of(reader, info.context.actor, here, root)
    return page_of_all(wanted, rows, lambda row: (row.id,))


async def key_by_key(context: Context, key: int) -> DkimKey:
    """A key of the asker's domain."""
    async with context.db.read() as reader:
        return await keeping.key_by_id(reader, context.actor, context.actor.robot, key)


async def list_of(root: strawberry.Parent[DkimKey], info: Info) -> MailingList | None:
    """The one list that a key signs for."""
    if root.list_id is None:
        return None
    found: MailingList | None = await load(info, lists_by_id, root.list_id)
    return found


def dns_record(root: DkimKey, context: Context) -> Record:
    """What the zone is to say."""
    return record_of(root, context.actor.robot.domain)


async def dns_check(root: strawberry.Parent[DkimKey], info: Info) -> Check:
    """What the DNS says now; it is asked anew."""
    return await check(info.context.lookup(), root, info.context.actor.robot.domain)


@refusable
@scoped(TokenScope.ADMINISTRATE)
async def dkim_key_create(info: Info, input: Annotated[DkimKeyCreateInput, Everything]) -> Payload:
    """Make a key; the work is done before the transaction."""
    context = info.context
    robot = context.actor.robot
    if key_of(context, input.robot_id, "Robot") != robot.id:
        raise NotFound(path=("robot_id",))
    named = given(input.mailing_list_id)
    list_key = None if named is None else key_of(context, named, "MailingList")
    wanted = given(input.algorithm)
    async with reading(info) as reader:
        await keeping.require_keeper(reader, context.actor, robot)
    private = await asyncio.to_thread(keys.generate, Algorithm.RSA2048 if wanted is None else wanted.value)
    async with writing(info) as uow:
        mlist = None if list_key is None else await visible_by_id(uow, context.actor, list_key)
        key = await keeping.create_key(uow, context.actor, robot, mlist, private, given(input.selector) or "")
    return Payload(dkim_key=key)


@refusable
@scoped(TokenScope.ADMINISTRATE)
async def dkim_key_activate(info: Info, input: Annotated[DkimKeyActivateInput, Everything]) -> Payload:
    """Put a key to use; the DNS is asked before the transaction."""
    context = info.context
    robot = context.actor.robot
    key_id = key_of(context, input.dkim_key_id, "DkimKey")
    async with reading(info) as reader:
        await keeping.require_keeper(reader, context.actor, robot)
        key = await keeping.key_by_id(reader, context.actor, robot, key_id)
    found = await check(context.lookup(), key, robot.domain)
    asked = None if given(input.is_forced) else found
    async with writing(info) as uow:
        key = await keeping.activate_key(uow, context.actor, robot, key_id, asked)
    return Payload(dkim_key=key, check=found)


@refusable
@scoped(TokenScope.ADMINISTRATE)
@idempotent
async def dkim_key_retire(
    info: Info, uow: UnitOfWork, input: Annotated[DkimKeyRetireInput, Everything]
) -> Payload:
    """Have a key sign no more."""
    actor = info.context.actor
    key_id = key_of(info.context, input.dkim_key_id, "DkimKey")
    grace = 0 if given(input.is_compromised) else None
    return Payload(dkim_key=await keeping.retire_key(uow, actor, actor.robot, key_id, grace=grace))
