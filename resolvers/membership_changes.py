"""Joining, leaving, changing one's options, and what owners do with other people's subscriptions."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any

import strawberry

from lists import discretion, membership, options, rosters
from lists.membership import NoSuchMembership, SubscribeOutcome, UnsubscribeOutcome
from lists.options import AS_THE_ACCOUNT, NO_SUSPENSION, Suspension
from lists.rights import list_here
from lists.rosters import RosterOutcome
from resolvers.context import Info
from resolvers.idempotency import idempotent
from resolvers.ids import global_id, key_of
from resolvers.payloads import Payload, UserError, refusable, scoped
from resolvers.scenarios import answered
from schema.inputs.common import Everything, given
from schema.inputs.memberships import (
    MailingListSubscribeInput,
    MailingListUnsubscribeInput,
    MembershipUpdateInput,
    SubscribersAddInput,
    SubscribersInviteInput,
    SubscribersRemoveInput,
)
from storage import memberships
from storage.database import UnitOfWork
from storage.tables.lists import Membership
from storage.tables.words import TokenScope

_WAITS = {
    "confirmation": UserError(
        "A mail was sent to this address; follow its link to confirm.", "CHALLENGE_REQUIRED"
    ),
    "moderation": UserError("Your wish waits for an owner of the list.", "NEEDS_MODERATION"),
}


@refusable
@scoped(TokenScope.SUBSCRIBE)
@idempotent
async def mailing_list_subscribe(
    info: Info, uow: UnitOfWork, input: Annotated[MailingListSubscribeInput, Everything]
) -> Payload:
    """Join a list, or start what that takes."""
    actor = info.context.actor
    mlist = await list_here(uow, actor, key_of(info.context, input.mailing_list_id, "MailingList"))
    reception, visibility = given(input.reception), given(input.visibility)
    outcome = await membership.subscribe(
        uow,
        actor,
        mlist,
        address=given(input.email),
        as_person=bool(given(input.as_person)),
        reception=None if reception is None else reception.value,
        visibility=None if visibility is None else visibility.value,
        display_name=given(input.display_name) or "",
        attributes=_answers(given(input.attributes)),
    )
    joined = outcome.membership
    return Payload(
        membership=None if joined is None else await discretion.told_to(uow, actor, joined),
        decision=answered(info.context, outcome.decision, mlist.id),
        user_errors=_waiting(outcome),
    )


@refusable
@scoped(TokenScope.SUBSCRIBE)
@idempotent
async def mailing_list_unsubscribe(
    info: Info, uow: UnitOfWork, input: Annotated[MailingListUnsubscribeInput, Everything]
) -> Payload:
    """Leave a list, or start what that takes."""
    actor = info.context.actor
    found = await _membership(info, uow, input.membership_id)
    await discretion.seen_by_id(uow, actor, found.id)
    outcome = await membership.unsubscribe(uow, actor, found)
    gone = outcome.removed
    return Payload(
        removed_id=None if gone is None else global_id(info.context, "Membership", gone.id),
        decision=answered(info.context, outcome.decision, found.list_id),
        user_errors=_waiting(outcome),
    )


@refusable
@scoped(TokenScope.SUBSCRIBE)
@idempotent
async def membership_update(
    info: Info, uow: UnitOfWork, input: Annotated[MembershipUpdateInput, Everything]
) -> Payload:
    """Change how somebody is on a list."""
    found = await _membership(info, uow, input.membership_id)
    reception, visibility = given(input.reception), given(input.visibility)
    name, skips = given(input.display_name, ...), given(input.skips_addressed_copies, ...)
    changed = await options.update(
        uow,
        info.context.actor,
        found,
        address=given(input.email),
        reception=None if reception is None else reception.value,
        visibility=None if visibility is None else visibility.value,
        # null takes the name away, leaving it out leaves it; likewise the pause, the answers and what is skipped.
        display_name=None if name is ... else name or "",
        suspension=suspension_of(input.suspension),
        attributes=None if input.attributes is strawberry.UNSET else _answers(input.attributes) or {},
        is_moderated=given(input.is_moderated_author),
        is_held_by_person=given(input.is_held_by_person),
        is_preferred=given(input.is_preferred),
        skips_addressed_copies=None if skips is ... else AS_THE_ACCOUNT if skips is None else skips,
    )
    return Payload(membership=await discretion.told_to(uow, info.context.actor, changed))


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def subscribers_add(
    info: Info, uow: UnitOfWork, input: Annotated[SubscribersAddInput, Everything]
) -> Payload:
    """Put others on a list."""
    actor = info.context.actor
    mlist = await list_here(uow, actor, key_of(info.context, input.mailing_list_id, "MailingList"))
    outcome = await rosters.add(uow, actor, mlist, input.emails, quiet=bool(given(input.is_quiet)))
    return Payload(added=outcome.done, user_errors=_problems(outcome, "emails", "is on the list already."))


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def subscribers_invite(
    info: Info, uow: UnitOfWork, input: Annotated[SubscribersInviteInput, Everything]
) -> Payload:
    """Invite others to a list."""
    actor = info.context.actor
    mlist = await list_here(uow, actor, key_of(info.context, input.mailing_list_id, "MailingList"))
    outcome = await rosters.invite(uow, actor, mlist, input.emails)
    refused = _problems(replace(outcome, asked=[]), "emails", "is on the list already.")
    return Payload(invited=outcome.asked, user_errors=refused)


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def subscribers_remove(
    info: Info, uow: UnitOfWork, input: Annotated[SubscribersRemoveInput, Everything]
) -> Payload:
    """Take others off a list."""
    actor, context = info.context.actor, info.context
    mlist = await list_here(uow, actor, key_of(context, input.mailing_list_id, "MailingList"))
    keys = [key_of(context, each, "Membership") for each in input.membership_ids]
    outcome = await rosters.remove_memberships(uow, actor, mlist, keys, quiet=bool(given(input.is_quiet)))
    return Payload(
        removed_ids=[global_id(context, "Membership", gone.id) for gone in outcome.done],
        user_errors=_problems(outcome, "membershipIds", "was not on the list."),
    )


async def _membership(info: Info, uow: UnitOfWork, text: str) -> Membership:
    found = await memberships.by_id(uow, key_of(info.context, text, "Membership"))
    if found is None:
        raise NoSuchMembership(path=("membership_id",))
    return found


def _answers(given_answers: Iterable[Any] | None) -> dict[str, str] | None:
    return (
        None
        if given_answers is None
        else {each.key: each.value for each in given_answers if given(each.value) is not None}
    )


def suspension_of(pause: Any) -> Suspension | None:
    """The pause that an input names: None where it leaves it out, NO_SUSPENSION for null."""
    if pause is strawberry.UNSET:
        return None
    return NO_SUSPENSION if pause is None else Suspension(pause.from_, given(pause.until))


def _waiting(outcome: SubscribeOutcome | UnsubscribeOutcome) -> tuple[UserError, ...]:
    return (_WAITS[outcome.waits_for],) if outcome.waits_for else ()


def _problems(outcome: RosterOutcome, member: str, already: str) -> tuple[UserError, ...]:
    """Why some of several were not done, each with its place in the input where that is known."""
    return (
        *(
            UserError(f"{each} {already}", "TAKEN" if member == "emails" else "NOT_FOUND")
            for each in outcome.already
        ),
        *(UserError(f"{each} was asked to confirm by mail.", "CHALLENGE_REQUIRED") for each in outcome.asked),
        *(
            UserError(each.message, each.code, ("input", member, str(each.position)))
            for each in outcome.problems
        ),
    )
