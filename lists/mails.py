"""The mails that lists send on their own: welcome, goodbye, questions, invitations, notices to owners."""

from collections.abc import Sequence

from lists import one_click
from mail.compose import compose
from mail.list_fields import list_id
from mail.message import new_message_id
from storage.database import UnitOfWork
from storage.outgoing import enqueue
from storage.outgoing_many import enqueue_for_members
from storage.tables.lists import MailingList, Membership, Robot

_LEAVE = "You can leave at any time: write to {leave}"
_IGNORE = "If you did not ask for this, ignore this mail and nothing will happen."


def part_address(mlist: MailingList, part: str) -> str:
    """One of the list's other addresses, such as `name-owner@domain`."""
    return f"{mlist.name}-{part}@{mlist.domain}"


def _title(mlist: MailingList) -> str:
    return f"{mlist.address} ({mlist.subject})" if mlist.subject else mlist.address


def _composed(
    uow: UnitOfWork, mlist: MailingList, to: str, subject: str, paragraphs: list[str]
) -> tuple[bytes, str]:
    message_id = new_message_id(mlist.domain)
    raw = compose(
        sender=f"{mlist.name} <{part_address(mlist, 'request')}>",
        to=to,
        subject=subject,
        text="\r\n\r\n".join(paragraphs) + "\r\n",
        domain=mlist.domain,
        date=uow.now,
        message_id=message_id,
        extra=[
            ("Auto-Submitted", "auto-generated"),
            ("List-Id", f"<{list_id(mlist.name, mlist.domain)}>"),
        ],
    )
    return raw, message_id


async def _send(
    uow: UnitOfWork,
    mlist: MailingList,
    to: str,
    subject: str,
    paragraphs: list[str],
    *,
    is_answer: bool = False,
) -> None:
    """Queue one mail. An answer has the null reverse-path, so that no bounce of it comes back (RFC 3834)."""
    raw, message_id = _composed(uow, mlist, to, subject, paragraphs)
    await enqueue(
        uow,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        to=to,
        outgoing=raw,
        reverse_path="" if is_answer else part_address(mlist, "owner"),
        subject=subject,
        message_id=message_id,
    )


async def welcome(uow: UnitOfWork, robot: Robot, mlist: MailingList, member: Membership) -> None:
    """To a new member."""
    link = one_click.url(uow.site, robot, mlist.id, member.id)
    await _send(
        uow,
        mlist,
        member.address,
        f"Welcome to {mlist.name}",
        [
            f"{member.address} is now subscribed to {_title(mlist)}.",
            f"To write to everybody on the list, write to {mlist.address}",
            "You can leave at any time on this page:",
            link,
        ],
    )


async def _send_many(
    uow: UnitOfWork, mlist: MailingList, member_ids: list[int], subject: str, paragraphs: list[str]
) -> None:
    """Queue the same mail for many members."""
    raw, message_id = _composed(uow, mlist, part_address(mlist, "request"), subject, paragraphs)
    await enqueue_for_members(
        uow,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        member_ids=member_ids,
        outgoing=raw,
        reverse_path=part_address(mlist, "owner"),
        subject=subject,
        message_id=message_id,
    )


async def welcome_many(uow: UnitOfWork, mlist: MailingList, member_ids: list[int]) -> None:
    """The same text to many new members at once, without personal links."""
    await _send_many(
        uow,
        mlist,
        member_ids,
        f"Welcome to {mlist.name}",
        [
            f"You are now subscribed to {_title(mlist)}.",
            f"To write to everybody on the list, write to {mlist.address}",
            _LEAVE.format(leave=part_address(mlist, "unsubscribe")),
        ],
    )


async def remind_many(uow: UnitOfWork, mlist: MailingList, member_ids: list[int]) -> None:
    """The same reminder to many members at once, without personal links."""
    await _send_many(
        uow,
        mlist,
        member_ids,
        f"You are subscribed to {mlist.name}",
        [
            f"You are subscribed to {_title(mlist)} under the address that this mail came to.",
            _LEAVE.format(leave=part_address(mlist, "unsubscribe")),
        ],
    )


async def remind_of_everything(uow: UnitOfWork, robot: Robot, address: str, lists: Sequence[str]) -> None:
    """Tells an address which lists of a domain it is on."""
    await _from_robot(
        uow,
        robot,
        address,
        f"Your subscriptions at {robot.domain}",
        [
            f"{address} is subscribed to these lists:",
            "\r\n".join(f"  {each}" for each in lists),
            "To leave one of them, write to its -unsubscribe address, as in name-unsubscribe@domain.",
        ],
        reverse_path=f"listmaster@{robot.domain}",
    )


async def confirm_move(uow: UnitOfWork, robot: Robot, address: str, old: str, link: str) -> None:
    """Asks an address whether it wants to take the place of another one."""
    await _from_robot(
        uow,
        robot,
        address,
        "Is this your new address?",
        [
            f"{old} wants to be {address} on all lists of {robot.domain} from now on.",
            "If you want that, open this page and press the button:",
            link,
            _IGNORE,
        ],
    )


async def comes_back(uow: UnitOfWork, robot: Robot, address: str, dead: str, link: str) -> None:
    """Tells a person, at another address of theirs, that mail to one comes back, and offers to bring its lists over."""
    await _from_robot(
        uow,
        robot,
        address,
        f"Mail to {dead} comes back",
        [
            f"Mail that lists of {robot.domain} send to your address {dead} comes back: its mailbox is said not to exist.",
            f"To get the mail of these lists at {address} from now on, open this page and press the button:",
            link,
            "Nothing changes if you do nothing. Once that address works again, sign in with a link sent to it.",
        ],
    )


async def confirm_family_signoff(uow: UnitOfWork, robot: Robot, address: str, family: str, link: str) -> None:
    """Asks an address whether it wants to leave every list of a family."""
    await _from_robot(
        uow,
        robot,
        address,
        f"Leave all lists of {family}?",
        [
            f"Somebody asked to take {address} off every list of {family} at {robot.domain}.",
            "If you want that, open this page and press the button:",
            link,
            _IGNORE,
        ],
    )


async def list_made(uow: UnitOfWork, robot: Robot, mlist: MailingList, to: str, maker: str) -> None:
    """Tells a listmaster of a new list."""
    await _from_robot(uow, robot, to, f"A new list: {mlist.name}", [f"{maker} has made {_title(mlist)}."])


async def trouble(uow: UnitOfWork, robot: Robot, to: str, lines: Sequence[str]) -> None:
    """Tells a listmaster that rules could not be applied."""
    await _from_robot(
        uow,
        robot,
        to,
        f"Rules that cannot be applied at {robot.domain}",
        ["A request was refused because the rules for it could not be applied.", "\r\n".join(lines)],
    )


async def _from_robot(
    uow: UnitOfWork, robot: Robot, to: str, subject: str, paragraphs: list[str], *, reverse_path: str = ""
) -> None:
    """Queue one mail of the domain itself; its failure is heard of only where a reverse path is given."""
    message_id = new_message_id(robot.domain)
    raw = compose(
        sender=f"listmaster@{robot.domain}",
        to=to,
        subject=subject,
        text="\r\n\r\n".join(paragraphs) + "\r\n",
        domain=robot.domain,
        date=uow.now,
        message_id=message_id,
        extra=[("Auto-Submitted", "auto-generated")],
    )
    await enqueue(
        uow,
        robot_id=robot.id,
        to=to,
        outgoing=raw,
        reverse_path=reverse_path,
        subject=subject,
        message_id=message_id,
    )


async def goodbye(uow: UnitOfWork, mlist: MailingList, address: str) -> None:
    """To somebody who has left or was taken off."""
    await _send(
        uow,
        mlist,
        address,
        f"You have left {mlist.name}",
        [
            f"{address} is no longer subscribed to {_title(mlist)}.",
            f"To come back, write to {part_address(mlist, 'subscribe')}",
        ],
    )


async def confirm_subscription(uow: UnitOfWork, mlist: MailingList, address: str, link: str) -> None:
    """Asks an address whether it wants to join."""
    await _send(
        uow,
        mlist,
        address,
        f"Do you want to join {mlist.name}?",
        [
            f"Somebody, perhaps you, asked to subscribe {address} to {_title(mlist)}.",
            "To join, open this page and press the button:",
            link,
            _IGNORE,
        ],
        is_answer=True,
    )


async def confirm_departure(uow: UnitOfWork, mlist: MailingList, address: str, link: str) -> None:
    """Asks an address whether it wants to leave."""
    await _send(
        uow,
        mlist,
        address,
        f"Do you want to leave {mlist.name}?",
        [
            f"Somebody, perhaps you, asked to unsubscribe {address} from {_title(mlist)}.",
            "To leave, open this page and press the button:",
            link,
            _IGNORE,
        ],
        is_answer=True,
    )


async def no_effect(uow: UnitOfWork, mlist: MailingList, address: str, *, subscribed: bool) -> None:
    """Tells an address, and nobody else, that a request about it had nothing to do (pitfall 47)."""
    verb, state = ("subscribe", "already") if subscribed else ("unsubscribe", "not")
    await _send(
        uow,
        mlist,
        address,
        f"About your subscription to {mlist.name}",
        [
            f"Somebody, perhaps you, asked to {verb} {address} at {_title(mlist)}.",
            f"This address is {state} subscribed, so nothing was changed.",
        ],
        is_answer=True,
    )


async def confirm_act(uow: UnitOfWork, mlist: MailingList, address: str, what: str, link: str) -> None:
    """Asks somebody in office to confirm what came from their address by plain mail."""
    await _send(
        uow,
        mlist,
        address,
        f"Please confirm your request about {mlist.name}",
        [
            f"A mail from {address} asked to {what} at {_title(mlist)}.",
            "If it was yours, open this page and press the button:",
            link,
            _IGNORE,
        ],
        is_answer=True,
    )


async def invitation(uow: UnitOfWork, mlist: MailingList, address: str, inviter: str, link: str) -> None:
    """Invites an address, in the name of whoever asked."""
    await _send(
        uow,
        mlist,
        address,
        f"Invitation to {mlist.name}",
        [
            f"{inviter} invites you to subscribe {address} to {_title(mlist)}.",
            "To join, open this page and press the button:",
            link,
            "If you do not want to, ignore this mail and nothing will happen.",
        ],
    )


async def moderation_notice(
    uow: UnitOfWork,
    mlist: MailingList,
    to: str,
    *,
    title: str,
    what: str,
    details: Sequence[str],
    link: str,
    shown: str,
) -> None:
    """Tells an owner or moderator that something waits for them; the link is good for them alone.

    `details` are lines that say more, `shown` is the beginning of what waits, below everything else.
    """
    beginning = [f"{'-' * 60}\r\n{shown}"] if shown else []
    await _send(
        uow,
        mlist,
        to,
        f"Waiting for {mlist.name}: {title}",
        [
            f"{what} at {_title(mlist)}.",
            *(["\r\n".join(details)] if details else []),
            "To decide, open this page:",
            link,
            "The link is yours alone; do not forward this mail.",
            *beginning,
        ],
    )


async def about_bounces(
    uow: UnitOfWork,
    mlist: MailingList,
    to: str,
    subject: str,
    paragraphs: Sequence[str],
    *,
    reverse_path: str = "",
) -> None:
    """Says something about mail that comes back. It has the null reverse-path, or that of a probe, so it never goes round."""
    raw, message_id = _composed(uow, mlist, to, subject, [*paragraphs])
    await enqueue(
        uow,
        robot_id=mlist.robot_id,
        list_id=mlist.id,
        to=to,
        outgoing=raw,
        reverse_path=reverse_path,
        subject=subject,
        message_id=message_id,
    )


async def owner_notice(uow: UnitOfWork, mlist: MailingList, to: str, *, event: str) -> None:
    """Tells an owner what has happened on the list."""
    await _send(uow, mlist, to, f"{mlist.name}: {event}", [f"{event} at {_title(mlist)}."])


async def elevated(
    uow: UnitOfWork, mlist: MailingList, to: str, *, who: str, reason: str, until: str
) -> None:
    """Tells an owner that a listmaster counts as an owner, too, for a while."""
    await _send(
        uow,
        mlist,
        to,
        f"{mlist.name}: a listmaster counts as an owner for a while",
        [
            f"{who}, who runs {mlist.domain}, may do until {until} what owners may at {_title(mlist)}.",
            f"Their reason: {reason}",
            "You need not do anything. What they do by that is written down.",
            f"To ask about it, write to listmaster@{mlist.domain}",
        ],
    )


async def request_refused(uow: UnitOfWork, mlist: MailingList, address: str, what: str, reason: str) -> None:
    """Tells somebody that the owners said no."""
    because = [f"Their reason: {reason}"] if reason else []
    await _send(
        uow,
        mlist,
        address,
        f"Your request about {mlist.name}",
        [
            f"The owners of {_title(mlist)} did not agree to {what} {address}.",
            *because,
            f"To ask them why, write to {part_address(mlist, 'owner')}",
        ],
        is_answer=True,
    )
