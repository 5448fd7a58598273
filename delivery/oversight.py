"""Who may see a delivery, and who may stop, resume or move it."""

from identity.actor import Actor
from identity.refusal import Forbidden, NotFound
from lists import offices
from lists.authorize import authorize, require
from lists.rights import may_oversee
from lists.standing import acting_in, key_or_none, proved_keys
from storage import deliveries, delivery_pages, lists, packets, posts
from storage.database import Reader
from storage.keyset import Page, Window
from storage.tables.lists import MailingList
from storage.tables.mail import Delivery, ExceptionalRecipient, Packet
from storage.tables.words import DeliveryKind, DeliveryStatus, RecipientState, TokenScope


class OverseersOnly(Forbidden):
    """Only the owners and moderators of this list may see what it sends."""


class NoSuchDelivery(NotFound):
    """There is no such delivery, or it is not for your eyes."""


async def require_overseer(reader: Reader, actor: Actor, mlist: MailingList) -> None:
    """Raises OverseersOnly."""
    if not may_oversee(await offices.standing_at(reader, actor, mlist)):
        raise OverseersOnly


async def page_of_list(
    reader: Reader,
    actor: Actor,
    mlist: MailingList,
    window: Window,
    *,
    statuses: tuple[DeliveryStatus, ...] = tuple(DeliveryStatus),
    since: int | None = None,
    until: int | None = None,
) -> Page[Delivery]:
    """A page of a list's posts, newest first, for those who oversee it; `since` and `until` are instants."""
    await require_overseer(reader, actor, mlist)
    return await delivery_pages.of_list(reader, mlist.id, window, statuses=statuses, since=since, until=until)


async def seen(reader: Reader, actor: Actor, delivery_id: int) -> tuple[Delivery, MailingList]:
    """A post that the actor oversees or wrote, or whose way the list's scenario `tracking` lets them follow, and its list.

    Raises NoSuchDelivery for any other.
    """
    found = await deliveries.find(reader, delivery_id)
    if found is None or found.list_id is None or found.kind is not DeliveryKind.POST:
        raise NoSuchDelivery
    mlist = await lists.by_id(reader, found.list_id)
    if mlist is None:
        raise NoSuchDelivery
    if may_oversee(await offices.standing_at(reader, actor, mlist)) or await _wrote(reader, actor, found):
        return found, mlist
    if (await authorize(reader, actor, "tracking", mlist=mlist, record=False)).action == "do_it":
        return found, mlist
    raise NoSuchDelivery


async def _wrote(reader: Reader, actor: Actor, delivery: Delivery) -> bool:
    """Whether the post came under an address that is proved to be the actor's."""
    stored = None if delivery.message_id is None else await posts.find(reader, delivery.message_id)
    return stored is not None and key_or_none(stored.author) in proved_keys(
        acting_in(actor, delivery.robot_id)
    )


async def for_control(reader: Reader, actor: Actor, delivery_id: int) -> Delivery:
    """A delivery that the actor may stop, resume or move: its list's owners and listmasters.

    Raises NoSuchDelivery, OwnersOnly, TokenTooNarrow.
    """
    found, mlist = await seen(reader, actor, delivery_id)
    offices.require_scope(actor, TokenScope.OWN)
    standing = await offices.standing_at(reader, actor, mlist)
    if not (standing.is_owner or standing.is_listmaster):
        raise offices.OwnersOnly
    return found


async def recipients_of(
    reader: Reader,
    actor: Actor,
    delivery: Delivery,
    window: Window,
    *,
    states: tuple[RecipientState, ...] = tuple(RecipientState),
) -> Page[ExceptionalRecipient]:
    """A page of recipients whose answer was not a plain yes, by address, as the scenario `tracking` lets the actor.

    Raises Rejected.
    """
    mlist = None if delivery.list_id is None else await lists.by_id(reader, delivery.list_id)
    if mlist is None:
        raise NoSuchDelivery
    await require(reader, actor, "tracking", mlist=mlist)
    return await delivery_pages.recipients_of(reader, delivery.id, window, states=states)


async def packets_of(reader: Reader, delivery: Delivery) -> list[Packet]:
    """The packets of a delivery that the actor sees, at most 1000 and those not done first."""
    return await packets.of_delivery(reader, delivery.id)
