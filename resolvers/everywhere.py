"""One act over all of the asker's subscriptions: another address for everything, the same options everywhere."""

from typing import Annotated

import strawberry

from lists import everywhere, unifying
from lists.everywhere import Chosen
from lists.unifying import Change
from resolvers.context import Info, reading
from resolvers.idempotency import idempotent
from resolvers.ids import key_of
from resolvers.lists import bring_lists
from resolvers.membership_changes import suspension_of
from resolvers.payloads import Payload, refusable, scoped
from resolvers.people import is_self
from schema.inputs.common import Everything, given
from schema.inputs.everywhere import MembershipsSetOptionsInput, MembershipsUnifyInput
from schema.inputs.memberships import MembershipFilter
from schema.scalars import EmailAddress
from storage import lists
from storage.database import UnitOfWork
from storage.tables.people import Person
from storage.tables.words import TokenScope

Target = Annotated[EmailAddress, strawberry.argument(description="Address to keep.")]


async def unify_preview(root: strawberry.Parent[Person], info: Info, target: Target) -> list[Change]:
    """What unifying would do to what the asker holds in this robot; nobody sees another's."""
    if not is_self(info.context, root.id):
        return []
    async with reading(info) as reader:
        found = await unifying.preview(reader, info.context.actor, target)
    await _bring(info, found)
    return found


@refusable
@scoped(TokenScope.SUBSCRIBE)
async def memberships_unify(info: Info, input: Annotated[MembershipsUnifyInput, Everything]) -> Payload:
    """Let one address hold everything, each list in a transaction of its own; safe to repeat by nature."""
    context = info.context
    wanted = given(input.membership_ids)
    ids = None if wanted is None else {key_of(context, each, "Membership") for each in wanted}
    if given(input.is_dry_run):
        async with reading(info) as reader:
            found = await unifying.preview(reader, context.actor, input.target, ids)
    else:
        found = await unifying.unify(context.db, context.actor, input.target, ids)
        context.forget()
    await _bring(info, found)
    return Payload(changes=found)


@refusable
@scoped(TokenScope.SUBSCRIBE)
@idempotent
async def memberships_set_options(
    info: Info, uow: UnitOfWork, input: Annotated[MembershipsSetOptionsInput, Everything]
) -> Payload:
    """Give all of the asker's subscriptions, or those that the filter leaves, the same options."""
    context = info.context
    reception, visibility = given(input.reception), given(input.visibility)
    wanted = given(input.membership_ids)
    ids = None if wanted is None else {key_of(context, each, "Membership") for each in wanted}
    done = await everywhere.set_options(
        uow,
        context.actor,
        chosen=_chosen(given(input.filter), ids),
        reception=None if reception is None else reception.value,
        visibility=None if visibility is None else visibility.value,
        suspension=suspension_of(input.suspension),
    )
    mlists = await lists.by_ids(uow, sorted({each.list_id for each in (*done.changed, *done.refused)}))
    await bring_lists(info, [*mlists.values()])
    return Payload(changed=done.changed, refused=done.refused)


def _chosen(filter: MembershipFilter | None, ids: set[int] | None) -> Chosen:
    if filter is None:
        return Chosen(ids)
    emails = given(filter.emails)
    modes = tuple(each.value for each in given(filter.reception) or ())
    return Chosen(ids, emails, modes)


async def _bring(info: Info, found: list[Change]) -> None:
    await bring_lists(info, [each.mlist for each in found if each.mlist is not None])
