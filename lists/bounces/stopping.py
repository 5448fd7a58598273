"""A member's mail stops, since even the probe came back: the subscription stays, and its person hears of it elsewhere."""

from identity import tickets
from lists import bouncing, mails
from mail.instant import DAY
from storage import alerts, audit, bounce_scores, lists, memberships, robots
from storage.database import UnitOfWork
from storage.tables.account_life import AlertKind
from storage.tables.bounces import BounceScore
from storage.tables.lists import MailingList, Membership, Robot
from storage.tables.words import TicketPurpose

ACT = "resume"
OFFER_LIFETIME = 90 * DAY


async def stop(uow: UnitOfWork, row: BounceScore) -> bool:
    """Send a member nothing any more; False where it is so already, or they are gone."""
    member = await memberships.by_id(uow, row.membership_id)
    mlist = await lists.by_id(uow, row.list_id)
    robot = None if mlist is None else await robots.by_id(uow, mlist.robot_id)
    if member is None or mlist is None or robot is None or not await bounce_scores.stop(uow, member.id):
        return False
    await audit.record(
        uow,
        "delivery_stopped",
        actor="",
        via="bounces",
        robot_id=robot.id,
        list_id=mlist.id,
        address=member.address,
        detail={"status": row.enhanced_status, "diagnostic": row.diagnostic[:200]},
    )
    await _tell(uow, robot, mlist, member)
    return True


async def _tell(uow: UnitOfWork, robot: Robot, mlist: MailingList, member: Membership) -> None:
    """To the person's alerts, and by mail to another address of theirs; never to the one that bounces."""
    person = await bouncing.person_behind(uow, robot, member.address_key)
    if person is None:
        return
    await alerts.add(
        uow,
        person.id,
        AlertKind.DELIVERY_STOPPED,
        address_key=member.address_key,
        moment=uow.now,
        detail={"address": member.address, "list": mlist.address},
    )
    other = await bouncing.elsewhere(uow, robot, person, member.address_key)
    if other is None:
        return
    secret = await tickets.issue(
        uow,
        TicketPurpose.REQUEST,
        robot_id=robot.id,
        list_id=mlist.id,
        address=other,
        payload={"act": ACT, "address": member.address, "membership": member.id, "person": person.id},
        lifetime=OFFER_LIFETIME,
    )
    await mails.about_bounces(
        uow,
        mlist,
        other,
        f"{mlist.name} sends no more mail to {member.address}",
        [
            (
                f"Mail that {mlist.address} sends to your address {member.address} comes back, and so did a probe. "
                "So the list sends nothing there for now; you are still subscribed."
            ),
            "When that address works again, open this page and press the button:",
            tickets.url(uow.site, robot, secret),
            "Signing in with a link sent to that address does the same.",
        ],
    )
