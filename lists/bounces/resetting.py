"""What is known against a member is forgotten, and their mail goes on: an owner says so, or they do themselves."""

from identity import tickets
from identity.actor import Actor
from identity.tickets import TicketInvalid
from lists import bouncing, offices
from lists.membership import NoSuchMembership, place_of_ticket
from lists.standing import own_keys
from storage import alerts, audit, bounce_scores, lists, memberships
from storage.database import UnitOfWork
from storage.tables.access import Ticket
from storage.tables.account_life import AlertKind
from storage.tables.lists import MailingList, Membership
from storage.tables.words import TokenScope


async def reset(uow: UnitOfWork, actor: Actor, membership_ids: list[int]) -> list[int]:
    """Forget everything against these memberships; those of whom something was known.

    For owners of their lists, and for whoever a membership is their own. Raises NoSuchMembership where one is neither, and
    then nothing is changed.
    """
    found = await memberships.by_ids(uow, membership_ids)
    known = await bounce_scores.by_ids(uow, membership_ids)
    mlists = await lists.by_ids(uow, sorted({each.list_id for each in found.values()}))
    owned: dict[int, bool] = {}
    for membership_id in membership_ids:
        member = found.get(membership_id)
        mlist = None if member is None else mlists.get(member.list_id)
        if member is None or mlist is None:
            raise NoSuchMembership
        if member.address_key in own_keys(actor, mlist.robot_id):
            continue
        if mlist.id not in owned:
            owned[mlist.id] = await offices.is_owner(uow, actor, mlist)
        if not owned[mlist.id]:
            raise NoSuchMembership
        offices.require_scope(actor, TokenScope.OWN)
    for membership_id in known:
        member = found[membership_id]
        await _forget(uow, mlists[member.list_id], member, actor=actor.sender, via=actor.via)
    return [*known]


async def resume_by_ticket(uow: UnitOfWork, ticket: Ticket) -> None:
    """The person says by the mailed link that their address works again. Raises TicketInvalid."""
    payload = tickets.payload(ticket)
    robot, mlist = await place_of_ticket(uow, ticket)
    member = await memberships.by_id(uow, int(payload.get("membership", 0)))
    if member is None or member.list_id != mlist.id or member.address != payload.get("address"):
        raise TicketInvalid
    person = await bouncing.person_behind(uow, robot, member.address_key)
    if person is None or person.id != payload.get("person"):
        raise TicketInvalid
    await _forget(uow, mlist, member, actor=ticket.address, via="ticket")
    await alerts.settle(uow, person.id, AlertKind.DELIVERY_STOPPED, member.address_key)


async def _forget(uow: UnitOfWork, mlist: MailingList, member: Membership, *, actor: str, via: str) -> None:
    await bounce_scores.forget(uow, [member.id])
    await audit.record(
        uow,
        "bounces_reset",
        actor=actor,
        via=via,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        address=member.address,
    )
