"""The mails that posts cause: to editors, to authors, to owners; short, in plain words, links on lines of their own."""

from collections.abc import Sequence

from delivery.letter import Letter
from identity import tickets
from mail.compose import compose
from mail.message import new_message_id
from mail.mime import text_part
from storage import outgoing, roles
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList, Robot, Role
from storage.tables.words import Reception, RoleKind, TicketPurpose

_WEEK = 7 * 86_400_000_000
_PREVIEW = 1_500


async def editors_of(reader: Reader, mlist: MailingList) -> list[Role]:
    """Who decides on messages: the editors, or the owners where there are none (requirement 4.4)."""
    found = await roles.of_list(reader, mlist.id, RoleKind.EDITOR)
    owners = (RoleKind.PRIVILEGED_OWNER, RoleKind.OWNER)
    return [
        each
        for each in found or await roles.of_list(reader, mlist.id, *owners)
        if each.reception is not Reception.NOMAIL
    ]


async def owners_of(reader: Reader, mlist: MailingList) -> list[Role]:
    """Who runs the list."""
    return await roles.of_list(reader, mlist.id, RoleKind.PRIVILEGED_OWNER, RoleKind.OWNER)


async def send_notice(
    uow: UnitOfWork,
    robot: Robot,
    mlist: MailingList | None,
    to: str,
    subject: str,
    text: str,
    extra: Sequence[tuple[str, str]] = (),
) -> None:
    """One mail of ours, which no automaton should answer (RFC 3834) and whose failure nobody hears of."""
    sender = f"{mlist.name}-owner@{mlist.domain}" if mlist else f"listmaster@{robot.domain}"
    message_id = new_message_id(robot.domain)
    raw = compose(
        sender=sender,
        to=to,
        subject=subject,
        text=text,
        domain=robot.domain,
        date=uow.now,
        message_id=message_id,
        extra=[("Auto-Submitted", "auto-generated"), *extra],
    )
    await outgoing.enqueue(
        uow,
        robot_id=robot.id,
        list_id=mlist.id if mlist else None,
        to=to,
        outgoing=raw,
        reverse_path="",
        subject=subject,
        message_id=message_id,
    )


async def tell_editor(uow: UnitOfWork, letter: Letter, item_id: int, editor: Role) -> None:
    """A message waits: who, what, why, and a link that decides."""
    secret = await tickets.issue(
        uow,
        TicketPurpose.MODERATE,
        robot_id=letter.robot.id,
        list_id=letter.mlist.id,
        address=editor.address,
        payload={"item": item_id},
        lifetime=4 * _WEEK,
    )
    decision = letter.decision
    rule = f"send.{decision.scenario}, line {decision.line}: {decision.condition}" if decision else "unknown"
    text = (
        f"A message for {letter.mlist.address} waits for an editor.\n\n"
        f"From:    {letter.author}\n"
        f"Subject: {letter.message.first('Subject') or '(none)'}\n"
        f"Held by: {rule}\n\n"
        f"Approve, reject or discard it here:\n{tickets.url(uow.site, letter.robot, secret)}\n\n"
        f"{'-' * 60}\n{text_part(letter.message)[:_PREVIEW]}\n"
    )
    subject = f"Waiting for {letter.mlist.name}: {letter.message.first('Subject') or '(no subject)'}"
    await send_notice(uow, letter.robot, letter.mlist, editor.address, subject, text)


async def tell_held_author(uow: UnitOfWork, letter: Letter) -> None:
    """An editor will look at it."""
    text = (
        f"Your message to {letter.mlist.address} has arrived and waits for an editor.\n\n"
        f"Subject: {letter.message.first('Subject') or '(none)'}\n\n"
        "You need not do anything.\n"
    )
    await send_notice(
        uow,
        letter.robot,
        letter.mlist,
        letter.author,
        f"Your message to {letter.mlist.name} waits for an editor",
        text,
    )


async def ask_author(uow: UnitOfWork, letter: Letter) -> None:
    """Is this really yours?"""
    secret = await tickets.issue(
        uow,
        TicketPurpose.CONFIRM_POST,
        robot_id=letter.robot.id,
        list_id=letter.mlist.id,
        address=letter.author,
        payload={"message": letter.message_key},
        lifetime=_WEEK,
    )
    text = (
        f"A message in your name has arrived for {letter.mlist.address}.\n\n"
        f"Subject: {letter.message.first('Subject') or '(none)'}\n\n"
        f"If it is yours, send it on its way here:\n{tickets.url(uow.site, letter.robot, secret)}\n\n"
        "If it is not, do nothing: it will not be sent.\n"
    )
    await send_notice(
        uow, letter.robot, letter.mlist, letter.author, f"Did you write this to {letter.mlist.name}?", text
    )


async def tell_rejected_author(
    uow: UnitOfWork, robot: Robot, mlist: MailingList, author: str, subject: str, reason: str
) -> None:
    """An editor said no, and perhaps why."""
    why = f"The editor wrote:\n\n{reason}\n" if reason else "No reason was given.\n"
    text = f"Your message to {mlist.address} was not distributed.\n\nSubject: {subject or '(none)'}\n\n{why}"
    await send_notice(uow, robot, mlist, author, f"Your message to {mlist.name} was refused", text)
