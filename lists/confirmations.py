"""Asking an address itself before anything is done in its name: tickets by mail, and not too many of them."""

from typing import Any

from identity import attempts, tickets
from identity.attempts import Limit
from lists import mails
from lists.joining import Wishes
from mail.instant import DAY, HOUR
from storage.database import UnitOfWork
from storage.tables.lists import MailingList, Robot
from storage.tables.words import TicketPurpose

INVITATION_LIFETIME = 14 * DAY
# Whoever types somebody else's address into a form must not be able to flood that mailbox.
PER_LIST = Limit("subscription mail", 5, HOUR)
PER_ADDRESS = Limit("subscription mail address", 20, HOUR)


async def limit_mails(uow: UnitOfWork, mlist: MailingList, key: str) -> None:
    """Count one mail to an address about a list, whether the address is on it or not; raises TooMany."""
    await attempts.take(uow, [(PER_LIST, f"{mlist.id} {key}"), (PER_ADDRESS, key)])


async def ask_to_join(
    uow: UnitOfWork,
    robot: Robot,
    mlist: MailingList,
    address: str,
    wishes: Wishes,
    *,
    preapproved: bool = False,
) -> None:
    """Mail a ticket that subscribes its address; `preapproved` when somebody entitled has said yes already."""
    secret = await tickets.issue(
        uow,
        TicketPurpose.SUBSCRIBE,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        address=address,
        payload={**wishes.as_payload(), "preapproved": preapproved},
        lifetime=uow.site.confirmation_lifetime,
    )
    await mails.confirm_subscription(uow, mlist, address, tickets.url(uow.site, robot, secret))


async def ask_to_leave(uow: UnitOfWork, robot: Robot, mlist: MailingList, address: str) -> None:
    """Mail a ticket that unsubscribes its address."""
    secret = await tickets.issue(
        uow,
        TicketPurpose.UNSUBSCRIBE,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        address=address,
        lifetime=uow.site.confirmation_lifetime,
    )
    await mails.confirm_departure(uow, mlist, address, tickets.url(uow.site, robot, secret))


async def tell_no_effect(uow: UnitOfWork, mlist: MailingList, address: str, *, subscribed: bool) -> None:
    """Mail an address that there was nothing to do, with the same work as asking it: time tells nobody who is on a list."""
    await tickets.issue(
        uow,
        TicketPurpose.SUBSCRIBE if subscribed else TicketPurpose.UNSUBSCRIBE,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        address=address,
        # Over at once, and its secret goes to nobody.
        lifetime=0,
    )
    await mails.no_effect(uow, mlist, address, subscribed=subscribed)


async def send_invitation(
    uow: UnitOfWork, robot: Robot, mlist: MailingList, address: str, inviter: str, *, preapproved: bool
) -> None:
    """Mail an invitation; `preapproved` when the inviter could have added the address."""
    secret = await tickets.issue(
        uow,
        TicketPurpose.INVITATION,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        address=address,
        payload={"preapproved": preapproved},
        lifetime=INVITATION_LIFETIME,
    )
    await mails.invitation(uow, mlist, address, inviter, tickets.url(uow.site, robot, secret))


async def ask_to_confirm_act(
    uow: UnitOfWork, robot: Robot, mlist: MailingList, address: str, *, what: str, act: dict[str, Any]
) -> None:
    """Mail somebody in office a ticket that carries out what a plain mail from their address asked for."""
    secret = await tickets.issue(
        uow,
        TicketPurpose.REQUEST,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        address=address,
        payload=act,
        lifetime=uow.site.confirmation_lifetime,
    )
    await mails.confirm_act(uow, mlist, address, what, tickets.url(uow.site, robot, secret))
