"""Deliveries: how far each has come, for those who oversee the list."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from delivery import oversight
from delivery.pace import Standing, standing_of
from delivery.places import Place, place_of
from mail.encoded_words import decoded
from resolvers.context import Context, Info, load, reading
from resolvers.lists import lists_by_id
from resolvers.pages import Page, keyset_page, window
from schema.inputs.common import After, Before, First, Last, given
from schema.inputs.mail import DeliveryFilter, RecipientFilter
from storage import deliveries
from storage.deliveries import Progress
from storage.tables.lists import MailingList
from storage.tables.mail import Delivery, ExceptionalRecipient, Packet
from storage.tables.words import DeliveryStatus, PacketState, RecipientState

_PACKET_STATUS = {
    PacketState.NEW: DeliveryStatus.QUEUED,
    PacketState.LEASED: DeliveryStatus.RUNNING,
    PacketState.DONE: DeliveryStatus.COMPLETED,
}
WhichDeliveries = Annotated[
    DeliveryFilter | None, strawberry.argument(description="Narrow the result; all members must match.")
]
WhichRecipients = Annotated[
    RecipientFilter | None, strawberry.argument(description="Narrow the result; all members must match.")
]


async def deliveries_of_list(
    root: strawberry.Parent[MailingList],
    info: Info,
    filter: WhichDeliveries = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[Delivery]:
    """What was and is being sent, newest first."""
    statuses, since, until = _narrowing(given(filter))
    what = f"deliveries|{root.id}|{statuses}|{since}|{until}"
    wanted = window(info, what, first, after, last, before)
    async with reading(info) as reader:
        found = await oversight.page_of_list(
            reader, info.context.actor, root, wanted.keyset, statuses=statuses, since=since, until=until
        )
    info.context.bring(lists_by_id, {root.id: root})
    return keyset_page(wanted, found, lambda row: (row.created_at, row.id))


def _narrowing(
    filter: DeliveryFilter | None,
) -> tuple[tuple[DeliveryStatus, ...], int | None, int | None]:
    if filter is None:
        return tuple(DeliveryStatus), None, None
    statuses, span = given(filter.status), given(filter.created)
    since, until = (None, None) if span is None else (given(span.from_), given(span.until))
    return (
        tuple(DeliveryStatus) if statuses is None else tuple(each.value for each in statuses),
        since,
        until,
    )


async def delivery_by_key(context: Context, key: int) -> Delivery | None:
    """A list's post that the asker oversees."""
    async with context.db.read() as reader:
        found, mlist = await oversight.seen(reader, context.actor, key)
    context.bring(lists_by_id, {mlist.id: mlist})
    return found


async def counts_by_delivery(context: Context, ids: list[int]) -> list[tuple[Progress, int] | None]:
    """A batch: the counts of deliveries, with the instant of counting."""
    async with context.db.read() as reader:
        found = {each.delivery_id: each for each in await deliveries.progress(reader, ids)}
        return [(found[each], reader.now) if each in found else None for each in ids]


async def progress(root: strawberry.Parent[Delivery], info: Info) -> Standing:
    """Counts."""
    counts, now = await load(info, counts_by_delivery, root.id)
    return standing_of(root, counts, now)


async def estimated_finish_at(root: strawberry.Parent[Delivery], info: Info) -> int | None:
    """By the pace so far."""
    counts, now = await load(info, counts_by_delivery, root.id)
    return standing_of(root, counts, now).estimated_finish_at


async def packets(root: strawberry.Parent[Delivery], info: Info) -> list[Packet]:
    """The subsets it was cut into."""
    async with reading(info) as reader:
        return await oversight.packets_of(reader, root)


async def recipients(
    root: strawberry.Parent[Delivery],
    info: Info,
    filter: WhichRecipients = UNSET,
    first: First = UNSET,
    after: After = UNSET,
    last: Last = UNSET,
    before: Before = UNSET,
) -> Page[ExceptionalRecipient]:
    """Recipients whose answer was not a plain yes."""
    states = None if given(filter) is None else given(given(filter).state)
    chosen = tuple(RecipientState) if states is None else tuple(each.value for each in states)
    wanted = window(info, f"recipients|{root.id}|{chosen}", first, after, last, before)
    async with reading(info) as reader:
        found = await oversight.recipients_of(reader, info.context.actor, root, wanted.keyset, states=chosen)
    return keyset_page(wanted, found, lambda row: (row.address, row.id))


def subject(root: Delivery, _context: Context) -> str:
    """Subject."""
    return decoded(root.subject)


def place(root: Delivery, _context: Context) -> Place:
    """Place in the queue."""
    return place_of(root.priority)


def packet_status(root: Packet, _context: Context) -> DeliveryStatus:
    """Where a packet is, in the words for deliveries."""
    return _PACKET_STATUS[root.state]


def worker(root: Packet, _context: Context) -> str | None:
    """Which process has it."""
    return root.worker or None


def smtp_reply(root: ExceptionalRecipient, _context: Context) -> str | None:
    """The last answer of the mail server."""
    words = (str(root.reply_code or ""), root.enhanced_status, root.reply)
    return " ".join(each for each in words if each) or None
