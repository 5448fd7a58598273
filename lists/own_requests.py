"""What waits for somebody's own answer, for others to decide about them, and for their decision, over all lists (row 110)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from identity import tickets
from identity.actor import Actor
from lists import offices
from lists.relations import Relations
from lists.standing import is_elevated, own_keys, proved_keys
from lists.subaddresses import subaddresses_of
from storage import lists, own_requests
from storage.database import Reader
from storage.keyset import Page, Window
from storage.tables.access import Ticket
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem
from storage.tables.words import ModerationKind, TicketPurpose

# As many are shown at once; whoever has more answers these first.
MOST = 200


class Waiting(StrEnum):
    """What waits, and for whom."""

    MESSAGE = "message"
    JOIN = "join"
    LEAVE = "leave"
    NEW_LIST = "new_list"
    DOCUMENT = "document"
    CONFIRM_JOIN = "confirm_join"
    CONFIRM_LEAVE = "confirm_leave"
    INVITATION = "invitation"
    CONFIRM_MESSAGE = "confirm_message"
    CONFIRM_REQUEST = "confirm_request"


_OF_KIND = {
    ModerationKind.MESSAGE: Waiting.MESSAGE,
    ModerationKind.SUBSCRIBE: Waiting.JOIN,
    ModerationKind.UNSUBSCRIBE: Waiting.LEAVE,
    ModerationKind.LIST_CREATION: Waiting.NEW_LIST,
    ModerationKind.DOCUMENT: Waiting.DOCUMENT,
}
_OF_PURPOSE = {
    TicketPurpose.SUBSCRIBE: Waiting.CONFIRM_JOIN,
    TicketPurpose.UNSUBSCRIBE: Waiting.CONFIRM_LEAVE,
    TicketPurpose.INVITATION: Waiting.INVITATION,
    TicketPurpose.CONFIRM_POST: Waiting.CONFIRM_MESSAGE,
    TicketPurpose.REQUEST: Waiting.CONFIRM_REQUEST,
}


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """Something of the actor's that waits: for their answer to a mail, or for somebody's decision."""

    waiting: Waiting
    list_id: int | None
    address: str
    since: int
    until: int | None = None
    subject: str = ""
    act: str = ""

    @property
    def is_for_me(self) -> bool:
        """Whether it waits for the actor, who was sent a mail about it."""
        return self.waiting in _OF_PURPOSE.values()


async def requests_of(reader: Reader, actor: Actor) -> tuple[list[OwnRequest], list[MailingList]]:
    """Everything in this robot that waits and is about the actor's addresses, with its lists: three statements."""
    keys = own_keys(actor, actor.robot.id)
    held = await own_requests.by_authors(reader, actor.robot.id, keys, limit=MOST) if keys else []
    addresses = sorted({*keys, *actor.addresses})
    purposes = [purpose.value for purpose in _OF_PURPOSE]
    asked = (
        await own_requests.open_tickets(reader, actor.robot.id, addresses, purposes, limit=MOST)
        if addresses
        else []
    )
    known = {mlist.id: mlist for _, mlist in held}
    missing = {each.list_id for each in asked if each.list_id is not None} - known.keys()
    if missing:
        known |= await lists.by_ids(reader, sorted(missing))
    found = [_decided_by_others(item) for item, _ in held] + [_asked_by_mail(ticket) for ticket in asked]
    return sorted(found, key=lambda one: one.since), [*known.values()]


def _decided_by_others(item: ModerationItem) -> OwnRequest:
    kind = _OF_KIND[item.kind]
    return OwnRequest(kind, item.list_id, item.author, item.received_at, subject=item.subject)


def _asked_by_mail(ticket: Ticket) -> OwnRequest:
    act = str(tickets.payload(ticket).get("act", "")) if ticket.purpose is TicketPurpose.REQUEST else ""
    return OwnRequest(
        _OF_PURPOSE[ticket.purpose],
        ticket.list_id,
        ticket.address,
        ticket.created_at,
        until=ticket.expires_at,
        act=act,
    )


@dataclass(frozen=True, slots=True)
class ToDecide:
    """At which lists the actor decides on what; a listmaster's view is of the lists where they hold an office themselves."""

    lists_of: Mapping[ModerationKind, list[int]]
    mlists: list[MailingList]


async def where_to_decide(reader: Reader, actor: Actor) -> ToDecide:
    """The lists of this robot where something waits that the actor decides on: four statements, however many lists."""
    keys = proved_keys(actor)
    if not keys:
        return ToDecide({}, [])
    table = subaddresses_of(actor.robot)
    is_listmaster = await offices.is_listmaster(reader, actor, actor.robot.id)
    found = await own_requests.looked_after(
        reader, actor.robot.id, table.bases(keys), new_lists_too=is_listmaster, limit=MOST
    )
    relations = Relations(reader, keys, table, listmasters=not actor.application)
    await relations.load(actor.robot.id, [mlist.id for mlist in found])
    lists_of: dict[ModerationKind, list[int]] = {kind: [] for kind in ModerationKind}
    for mlist in found:
        own = actor.robot.listmasters_are_owners or is_elevated(actor, mlist.id, reader.now)
        standing = await offices.standing_by(relations, actor, mlist, listmasters_own=own)
        for kind in ModerationKind:
            if standing.decides_on(kind):
                lists_of[kind].append(mlist.id)
    return ToDecide(lists_of, found)


async def page_to_decide(reader: Reader, where: ToDecide, window: Window) -> Page[ModerationItem]:
    """A page of what waits for the actor's decision, oldest first."""
    return await own_requests.page_of(reader, where.lists_of, window)


async def count_to_decide(reader: Reader, where: ToDecide) -> int:
    """How many items `page_to_decide` has."""
    return await own_requests.count_of(reader, where.lists_of)
