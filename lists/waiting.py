"""Putting something before the people who decide: the waiting item, and a notice with a link for each of them."""

from collections.abc import Sequence
from typing import Any

from identity import tickets
from lists import mails
from mail.instant import DAY
from storage import moderation, roles
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Robot, Role
from storage.tables.mail import ModerationItem
from storage.tables.words import ModerationKind, Reception, RoleKind, TicketPurpose

NOTICE_LIFETIME = 14 * DAY
_WHAT = {
    ModerationKind.MESSAGE: "A message",
    ModerationKind.SUBSCRIBE: "A wish to join",
    ModerationKind.UNSUBSCRIBE: "A wish to leave",
    ModerationKind.LIST_CREATION: "A new list",
    ModerationKind.DOCUMENT: "A document",
}
_EACH_FOR_ITSELF = frozenset({ModerationKind.MESSAGE, ModerationKind.DOCUMENT})


async def hold(
    uow: UnitOfWork,
    robot: Robot,
    mlist: MailingList,
    kind: ModerationKind,
    *,
    author: str,
    subject: str = "",
    message_id: int | None = None,
    payload: dict[str, Any] | None = None,
    details: Sequence[str] = (),
    shown: str = "",
    is_told: bool = True,
) -> ModerationItem:
    """Let something wait for a decision and tell those who decide, each by a link of their own.

    A second wish of the same address is the first one again; each message and document waits for itself. `message_id` is the
    held message's row; `details` are lines for the notice, `shown` the beginning of what waits. Without `is_told` it waits silently.
    """
    if kind not in _EACH_FOR_ITSELF:
        waiting = await moderation.waiting_for(uow, mlist.id, kind, author)
        if waiting is not None:
            return waiting
    item = await moderation.add(
        uow, mlist.id, kind, author=author, subject=subject, message_id=message_id, payload=payload
    )
    if is_told:
        await _tell(uow, robot, mlist, item, details, shown)
    return item


async def deciders(reader: Reader, mlist: MailingList, kind: ModerationKind) -> list[Role]:
    """Who decides on such an item: editors (owners where there are none), owners, or listmasters."""
    if kind is ModerationKind.LIST_CREATION:
        return await roles.of_robot(reader, mlist.robot_id)
    found = await roles.of_list(reader, mlist.id)
    if kind in _EACH_FOR_ITSELF:
        editors = [role for role in found if role.kind is RoleKind.EDITOR]
        if editors:
            return editors
    return [role for role in found if role.kind is not RoleKind.EDITOR]


async def _tell(
    uow: UnitOfWork,
    robot: Robot,
    mlist: MailingList,
    item: ModerationItem,
    details: Sequence[str],
    shown: str,
) -> None:
    what = f"{_WHAT[item.kind]} by {item.author} waits"
    told: set[str] = set()
    for role in await deciders(uow, mlist, item.kind):
        if role.reception is Reception.NOMAIL or role.address_key in told:
            continue
        told.add(role.address_key)
        secret = await tickets.issue(
            uow,
            TicketPurpose.MODERATE,
            robot_id=mlist.robot_id,
            list_id=mlist.id,
            address=role.address,
            payload={"item": item.id},
            lifetime=NOTICE_LIFETIME,
        )
        await mails.moderation_notice(
            uow,
            mlist,
            role.address,
            title=item.subject or what,
            what=what,
            details=[f"Subject: {item.subject}", *details] if item.subject else details,
            link=tickets.url(uow.site, robot, secret),
            shown=shown,
        )
