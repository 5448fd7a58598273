"""Posting a message, and deciding on those that wait."""

import functools
from dataclasses import dataclass
from typing import Annotated

from delivery import deciding, posts
from lists import archive, moderation
from lists.rights import list_here
from resolvers.context import Info
from resolvers.idempotency import idempotent, recallable
from resolvers.ids import key_of
from resolvers.payloads import Mutation, Payload, UserError, refusable, scoped, user_error
from resolvers.scenarios import verdict
from schema.inputs.common import Everything, given
from schema.inputs.mail import MessagePostInput, ModerationDecideInput
from storage import deliveries
from storage.database import UnitOfWork
from storage.tables.mail import Delivery, ModerationItem
from storage.tables.words import TokenScope


@recallable
@dataclass(frozen=True, slots=True)
class Accepted:
    """A post on its way."""

    delivery: Delivery
    message_id: str


@recallable
@dataclass(frozen=True, slots=True)
class Held:
    """A post that waits; `item` is None for those who do not decide on it."""

    item: ModerationItem | None
    verdict: str
    decision_id: str | None = None


@recallable
@dataclass(frozen=True, slots=True)
class Rejected:
    """A post that was refused, and why."""

    reason: str
    decision_id: str | None = None


PostOutcome = Accepted | Held | Rejected


def _policy_known(mutation: Mutation) -> Mutation:
    """Ask what the author's domain asks for by DMARC before the transaction; stands above `idempotent`."""

    @functools.wraps(mutation)
    async def asked(info: Info, input: MessagePostInput) -> Payload:
        await posts.ask_beforehand(info.context.site, info.context.actor, given(input.from_))
        return await mutation(info=info, input=input)

    return asked


@refusable
@scoped(TokenScope.POST)
@_policy_known
@idempotent
async def message_post(
    info: Info, uow: UnitOfWork, input: Annotated[MessagePostInput, Everything]
) -> Payload:
    """Post as oneself; the list's scenario decides as for mail."""
    context = info.context
    mlist = await list_here(uow, context.actor, key_of(context, input.mailing_list_id, "MailingList"))
    place = given(input.priority)
    outcome = await posts.post(
        uow,
        context.actor,
        mlist,
        subject=input.subject,
        text=input.text,
        html=given(input.html),
        sender=given(input.from_),
        in_reply_to=await _answered(info, uow, given(input.in_reply_to_id), mlist.id),
        priority=None if place is None else place.value.value,
    )
    return Payload(outcome=await _outcome(info, uow, outcome))


async def _answered(info: Info, uow: UnitOfWork, text: str | None, list_id: int) -> str | None:
    """The Message-ID of the archived message that is answered."""
    if text is None:
        return None
    key = key_of(info.context, text, "ArchivedMessage")
    found = await archive.message_by_id(uow, info.context.actor, key)
    if found.list_id != list_id:
        raise archive.NoSuchMessage(path=("in_reply_to_id",))
    return found.message_id


async def _outcome(info: Info, uow: UnitOfWork, outcome: posts.Outcome) -> PostOutcome:
    if outcome.delivery_id is not None:
        delivery = await deliveries.find(uow, outcome.delivery_id)
        if delivery is not None:
            return Accepted(delivery, outcome.message_id)
    answer, decision_id = verdict(outcome.decision), outcome.decision.id or None
    if outcome.moderation_id is not None:
        return Held(await _item(info, uow, outcome.moderation_id), answer, decision_id)
    if answer == "request_auth":
        return Held(None, answer, decision_id)
    return Rejected(outcome.reason, decision_id)


async def _item(info: Info, uow: UnitOfWork, item_id: int) -> ModerationItem | None:
    try:
        item, _ = await moderation.item_for(uow, info.context.actor, item_id)
    except moderation.NoSuchItem:
        return None
    return item


@refusable
@scoped(TokenScope.OWN)
@idempotent
async def moderation_decide(
    info: Info, uow: UnitOfWork, input: Annotated[ModerationDecideInput, Everything]
) -> Payload:
    """Decide on what waits."""
    context = info.context
    keys = [key_of(context, each, "ModerationItem") for each in input.item_ids]
    done = await deciding.decide_all(
        uow, context.actor, keys, input.verdict.value, reason=given(input.reason) or ""
    )
    left = None if done.mlist is None else await deciding.remaining(uow, context.actor, done.mlist)
    errors = [user_error(refused) for _, refused in done.refused]
    places = [("input", "itemIds", str(position)) for position, _ in done.refused]
    return Payload(
        decided=done.items,
        remaining=left,
        user_errors=tuple(
            UserError(error.message, error.code, place) for error, place in zip(errors, places, strict=True)
        ),
    )
