"""The mails that posts cause to their authors, and answers to commands; short, in plain words, links on lines of their own."""

from collections.abc import Mapping, Sequence

from delivery.letter import Letter
from delivery.notice_words import words_in
from delivery.reasons import language_of, link_to, place_of
from identity import tickets
from identity.people import find_by_address
from lists.decisions import MODERATED
from mail.compose import compose
from mail.message import new_message_id
from scenarios.decision import Decision
from storage import outgoing
from storage.database import UnitOfWork
from storage.site import Site
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
    """An editor will look at it; in the author's language, with the rule that wants it so."""
    words = words_in(language_of(letter.actor, letter.mlist))
    paragraphs = [
        words["held"].format(address=letter.mlist.address),
        _subject(words, letter.message.first("Subject") or ""),
        *_why(words, letter.decision, uow.site, letter.robot),
        words["nothing to do"],
    ]
    subject = words["held subject"].format(name=letter.mlist.name)
    await send_notice(uow, letter.robot, letter.mlist, letter.author, subject, _text(paragraphs))


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
    words = words_in(language_of(letter.actor, letter.mlist))
    paragraphs = [
        words["question"].format(address=letter.mlist.address),
        _subject(words, letter.message.first("Subject") or ""),
        f"{words['yours']}\n{tickets.url(uow.site, letter.robot, secret)}",
        words["not yours"],
        *_why(words, letter.decision, uow.site, letter.robot),
    ]
    subject = words["question subject"].format(name=letter.mlist.name)
    await send_notice(uow, letter.robot, letter.mlist, letter.author, subject, _text(paragraphs))


async def tell_rejected_author(
    uow: UnitOfWork,
    robot: Robot,
    mlist: MailingList,
    author: str,
    subject: str,
    reason: str,
    *,
    held_by: Decision | None = None,
) -> None:
    """An editor said no, and perhaps why; in the author's language, with the rule by which it came to an editor."""
    person = await find_by_address(uow, author, robot_id=robot.id)
    words = words_in(mlist.language if person is None else person.locale)
    paragraphs = [
        words["refused"].format(address=mlist.address),
        _subject(words, subject),
        f"{words['editor wrote']}\n\n{reason}" if reason else words["no reason"],
        *_why(words, held_by, uow.site, robot),
    ]
    await send_notice(
        uow, robot, mlist, author, words["refused subject"].format(name=mlist.name), _text(paragraphs)
    )


def _subject(words: Mapping[str, str], subject: str) -> str:
    return words["subject"].format(subject=subject or words["none"])


def _why(words: Mapping[str, str], decision: Decision | None, site: Site, robot: Robot) -> list[str]:
    # That a list reads somebody's messages first is not for them to know.
    if decision is None or decision.line is None or decision.condition == MODERATED:
        return []
    link = link_to(site, robot, decision)
    more = [words["why"].format(link=link)] if link else []
    return ["\n".join([words["rule"].format(rule=place_of(decision)), *more])]


def _text(paragraphs: Sequence[str]) -> str:
    return "\n\n".join(paragraphs) + "\n"
