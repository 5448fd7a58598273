"""The mails that posts cause to their authors, and answers to commands; short, in plain words, links on lines of their own."""

from collections.abc import Sequence

from delivery.letter import Letter
from identity import tickets
from mail.compose import compose
from mail.message import new_message_id
from storage import outgoing
from storage.database import UnitOfWork
from storage.tables.lists import MailingList, Robot
from storage.tables.words import TicketPurpose

_WEEK = 7 * 86_400_000_000


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
