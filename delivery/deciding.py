"""Deciding on many waiting things at once, messages and requests alike; what cannot be decided does not stop the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from delivery import moderation as messages
from identity.actor import Actor
from identity.refusal import Invalid, Refused
from lists import moderation as requests
from storage import moderation as stored
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem
from storage.tables.words import ModerationKind, ModerationState

MOST_AT_ONCE = 100


class TooManyItems(Invalid):
    """Decide on at most 100 at once."""


class OneListAtOnce(Invalid):
    """All that is decided on at once waits at one list."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of each item: decided now, or refused, with its place in what was given."""

    items: list[ModerationItem]
    refused: list[tuple[int, Refused]]
    mlist: MailingList | None


async def decide_all(
    uow: UnitOfWork,
    actor: Actor,
    item_ids: Sequence[int],
    verdict: ModerationState,
    *,
    reason: str = "",
) -> Decided:
    """Approve, reject or discard items of one list that the actor decides on.

    An item that is unknown, or that somebody else decided on first, is refused by itself. Raises TooManyItems,
    OneListAtOnce, TokenTooNarrow.
    """
    if len(item_ids) > MOST_AT_ONCE:
        raise TooManyItems(path=("item_ids",))
    done: list[ModerationItem] = []
    refused: list[tuple[int, Refused]] = []
    where: MailingList | None = None
    for position, item_id in enumerate(item_ids):
        try:
            item, mlist = await requests.item_for(uow, actor, item_id)
        except requests.NoSuchItem as unknown:
            refused.append((position, unknown))
            continue
        if where is not None and where.id != mlist.id:
            raise OneListAtOnce(path=("item_ids",))
        where = mlist
        try:
            done.append(await _decide(uow, actor, mlist, item, verdict, reason))
        except requests.AlreadyDecided as late:
            refused.append((position, late))
    return Decided(done, refused, where)


async def _decide(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    item: ModerationItem,
    verdict: ModerationState,
    reason: str,
) -> ModerationItem:
    if item.kind is ModerationKind.MESSAGE:
        return await messages.decide(uow, actor, mlist, item, verdict, reason=reason)
    taken = await requests.decide_request(uow, actor, item, verdict, reason)
    uow.announce("moderation")
    return taken


async def remaining(reader: Reader, actor: Actor, mlist: MailingList) -> int:
    """How many items wait for the actor's decision at a list; raises lists.moderation.NotForYou."""
    kinds = await requests.decidable(reader, actor, mlist, tuple(ModerationKind))
    return await stored.count(reader, mlist.id, kinds=kinds)
