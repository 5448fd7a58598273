"""Deciding on what waits at a list: who may, who was first, and what follows for wishes, new lists and documents."""

from typing import cast

import orjson

from identity import tickets
from identity.actor import Actor
from identity.entrance import actor_for_ticket
from identity.refusal import Conflict, Forbidden, Invalid, NotFound
from identity.tickets import TicketInvalid
from lists import mails, offices
from lists.documents import pending
from lists.joining import join, leave, wishes_from
from lists.membership import place_of_ticket
from lists.robots import robot_of
from lists.standing import key_or_none
from scenarios.decision import Decision, permit
from storage import audit, lists, memberships
from storage import moderation as stored
from storage.database import Reader, UnitOfWork
from storage.keyset import Page, Window
from storage.tables.access import Ticket
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem
from storage.tables.words import ListStatus, ModerationKind, ModerationState, TokenScope


class NoSuchItem(NotFound):
    """There is nothing like this to decide on, or it is not for your eyes."""


class AlreadyDecided(Conflict):
    """Somebody has decided on this already."""

    def __init__(self, item: ModerationItem) -> None:
        """`item` is the item as it was decided."""
        super().__init__(f"This was already {item.state.value} by {item.decided_by}.")
        self.item = item


class NotThisWay(Invalid):
    """Messages are decided on where they are sent on."""


class NotForYou(Forbidden):
    """Only those who decide on such things at this list may see what waits."""


async def waiting_items(
    reader: Reader,
    actor: Actor,
    mlist: MailingList,
    window: Window,
    *,
    kinds: tuple[ModerationKind, ...] = tuple(ModerationKind),
    author: str | None = None,
) -> Page[ModerationItem]:
    """A page of what waits for the actor's decision at a list, oldest first; raises NotForYou."""
    allowed = await decidable(reader, actor, mlist, kinds)
    return await stored.page(reader, mlist.id, window, kinds=allowed, author=author)


async def count_of_waiting(
    reader: Reader,
    actor: Actor,
    mlist: MailingList,
    *,
    kinds: tuple[ModerationKind, ...] = tuple(ModerationKind),
    author: str | None = None,
) -> int:
    """How many items `waiting_items` has; raises NotForYou."""
    allowed = await decidable(reader, actor, mlist, kinds)
    return await stored.count(reader, mlist.id, kinds=allowed, author=author)


async def decidable(
    reader: Reader, actor: Actor, mlist: MailingList, kinds: tuple[ModerationKind, ...]
) -> tuple[ModerationKind, ...]:
    """Those of the kinds that the actor decides on at this list; raises NotForYou when there are none at all."""
    standing = await offices.standing_at(reader, actor, mlist)
    if not any(standing.decides_on(kind) for kind in ModerationKind):
        raise NotForYou
    return tuple(kind for kind in kinds if standing.decides_on(kind))


async def item_for(reader: Reader, actor: Actor, item_id: int) -> tuple[ModerationItem, MailingList]:
    """An item that the actor may decide on, waiting or not, and its list; raises NoSuchItem."""
    found = await stored.with_list(reader, item_id)
    if found is None or not await offices.may_decide(reader, actor, found[1], found[0].kind):
        raise NoSuchItem
    return found


async def moderator_by_ticket(reader: Reader, ticket: Ticket) -> tuple[Actor, ModerationItem, MailingList]:
    """Who came by a MODERATE ticket, and to which item; raises TicketInvalid when that address holds no office now."""
    robot, mlist = await place_of_ticket(reader, ticket)
    actor = await actor_for_ticket(reader, robot, ticket)
    item = await stored.by_id(reader, int(tickets.payload(ticket).get("item", 0)))
    if actor is None or item is None or item.list_id != mlist.id:
        raise TicketInvalid
    if not await offices.may_decide(reader, actor, mlist, item.kind):
        raise TicketInvalid
    return actor, item, mlist


async def take(
    uow: UnitOfWork, actor: Actor, item: ModerationItem, state: ModerationState, reason: str = ""
) -> ModerationItem:
    """Be the one who decides: of several at the same time, one succeeds, and the others get AlreadyDecided.

    Only marks the item and writes the audit line; what follows is the caller's. Raises NoSuchItem for somebody who
    has no say here.
    """
    offices.require_scope(actor, TokenScope.OWN)
    _, mlist = await item_for(uow, actor, item.id)
    taken = await stored.take(
        uow, item.id, state, decided_by=actor.sender, reason=reason.replace("\0", "")[:1000]
    )
    if taken is None:
        now = await stored.by_id(uow, item.id)
        raise NoSuchItem if now is None else AlreadyDecided(now)
    await audit.record(
        uow,
        "moderated",
        actor=actor.sender,
        via=actor.via,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        address=item.author,
        detail={"item": item.id, "kind": item.kind.value, "state": state.value},
    )
    return taken


async def decide_request(
    uow: UnitOfWork, actor: Actor, item: ModerationItem, state: ModerationState, reason: str = ""
) -> ModerationItem:
    """Approve, reject or discard a wish to join or leave, a new list or a document, and do what follows.

    Whoever is refused is told the reason; whoever is discarded is told nothing. Raises as `take` does, and NotThisWay
    for messages.
    """
    if item.kind is ModerationKind.MESSAGE or state is ModerationState.WAITING:
        raise NotThisWay
    taken = await take(uow, actor, item, state, reason)
    mlist = await lists.by_id(uow, item.list_id)
    if mlist is None:
        raise NoSuchItem
    if item.kind is ModerationKind.LIST_CREATION:
        status = ListStatus.OPEN if state is ModerationState.APPROVED else ListStatus.CLOSED
        await lists.change(uow, mlist, {}, status=status)
    elif item.kind is ModerationKind.DOCUMENT:
        await _decide_document(uow, mlist, item, state, reason)
    elif state is ModerationState.APPROVED:
        await _carry_out(uow, actor, mlist, item)
    elif state is ModerationState.REJECTED:
        verb = "subscribe" if item.kind is ModerationKind.SUBSCRIBE else "unsubscribe"
        await mails.request_refused(uow, mlist, item.author, verb, reason)
    return taken


async def _decide_document(
    uow: UnitOfWork, mlist: MailingList, item: ModerationItem, state: ModerationState, reason: str
) -> None:
    if state is ModerationState.APPROVED:
        await pending.publish(uow, mlist, item)
    else:
        await pending.refuse(uow, mlist, item, reason, quietly=state is ModerationState.DISCARDED)


async def _carry_out(uow: UnitOfWork, actor: Actor, mlist: MailingList, item: ModerationItem) -> None:
    decision = _approved(actor, item)
    if item.kind is ModerationKind.SUBSCRIBE:
        robot = await robot_of(uow, actor, mlist)
        wishes = wishes_from(cast("dict[str, object]", orjson.loads(item.payload)))
        await join(uow, actor, robot, mlist, item.author, wishes, decision)
        return
    key = key_or_none(item.author)
    existing = None if key is None else await memberships.find(uow, mlist.id, key)
    if existing is not None:
        await leave(uow, actor, mlist, existing, decision)


def _approved(actor: Actor, item: ModerationItem) -> Decision:
    """The moderator's yes, in the form that joining and leaving write down."""
    return permit(item.kind.value, "moderator", method=actor.method, element=actor.sender)
