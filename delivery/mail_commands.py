"""Commands by mail to a list's -request address: what each does, and what its author is answered."""

from collections.abc import Awaitable, Callable, Mapping

from delivery.letter import Letter
from identity.actor import Actor
from identity.refusal import Refused
from lists import archive, confirmations, family_signoff, moving, offices, reminders, rosters, subscriptions
from lists.authorize import require
from lists.families import NoSuchFamily
from lists.robots import robot_of
from mail.message import parse_message
from mail.mime import text_part
from storage import families, memberships
from storage.database import UnitOfWork
from storage.keyset import Window
from storage.tables.lists import MailingList
from storage.tables.words import Visibility

MOST_NAMED = 5_000
MOST_LISTED = 50
_MOST_LISTS = 500

Command = Callable[[Letter, UnitOfWork, Actor, str], Awaitable[str]]


async def info(letter: Letter, uow: UnitOfWork, actor: Actor, _words: str) -> str:
    """What the list is about, as its scenario `info` lets the author."""
    mlist = letter.mlist
    await require(uow, actor, "info", mlist=mlist)
    about = "\n\n".join(filter(None, (mlist.subject, mlist.description)))
    return f"The mailing list {mlist.address}\n\n{about}\n\n{help_with(mlist)}"


async def review(letter: Letter, uow: UnitOfWork, actor: Actor, _words: str) -> str:
    """Who is on the list, as its scenario `review` lets the author; what nothing proves is confirmed first."""
    decision = await require(uow, actor, "review", mlist=letter.mlist)
    if decision.action == "do_it":
        return await members(uow, actor, letter.mlist)
    await confirmations.limit_mails(uow, letter.mlist, f"{actor.sender} review")
    robot = await robot_of(uow, actor, letter.mlist)
    await confirmations.ask_to_confirm_act(
        uow, robot, letter.mlist, actor.sender, what="see the members", act={"act": "review"}
    )
    return ""


async def members(uow: UnitOfWork, actor: Actor, mlist: MailingList) -> str:
    """The members of a list, one on each line; those who hide only for its owners."""
    is_owner = await offices.is_owner(uow, actor, mlist)
    lines: list[str] = []
    async for each in memberships.whole_list(uow, mlist.id):
        if (is_owner or each.visibility is Visibility.NOCONCEAL) and len(lines) < MOST_NAMED:
            lines.append(f"{each.address}  {each.display_name}".rstrip())
    return f"Members of {mlist.address}:\n\n" + "\n".join(sorted(lines)) + "\n"


async def add(letter: Letter, uow: UnitOfWork, actor: Actor, words: str) -> str:
    """Put somebody on the list."""
    return _told(await rosters.add(uow, actor, letter.mlist, _first(words)), "is on the list now")


async def remove(letter: Letter, uow: UnitOfWork, actor: Actor, words: str) -> str:
    """Take somebody off the list."""
    return _told(await rosters.remove(uow, actor, letter.mlist, _first(words)), "is not on the list any more")


async def invite(letter: Letter, uow: UnitOfWork, actor: Actor, words: str) -> str:
    """Invite somebody."""
    outcome = await rosters.invite(uow, actor, letter.mlist, _first(words))
    if outcome.decision is not None and outcome.decision.action == "request_auth":
        return ""
    return "".join(f"{each} is invited.\n" for each in outcome.asked) or _told(outcome, "")


async def remind(letter: Letter, uow: UnitOfWork, actor: Actor, _words: str) -> str:
    """Remind every member."""
    outcome = await reminders.remind(uow, actor, letter.mlist)
    return "" if outcome.waits else f"{outcome.count} members were reminded.\n"


async def which(letter: Letter, uow: UnitOfWork, actor: Actor, _words: str) -> str:
    """What the author is on in this domain; possession of the mailbox that is answered is enough."""
    page = await subscriptions.my_memberships(uow, actor, Window(_MOST_LISTS))
    lines = [f"{mlist.address}  as {membership.address}" for membership, mlist in page.rows]
    return "You are subscribed to:\n\n" + "\n".join(lines) + "\n" if lines else "You are on no list here.\n"


async def index(letter: Letter, uow: UnitOfWork, actor: Actor, _words: str) -> str:
    """The latest messages of the archive, each with the word that gets it, as `archive_mail_access` lets the author."""
    page = await archive.messages_by_mail(uow, actor, letter.mlist, Window(MOST_LISTED))
    lines = [f"get {each.archive_key}\n    {each.subject or '(none)'}" for each in page.rows]
    listed = "\n".join(lines) or "The archive is empty."
    return f"The latest messages of {letter.mlist.address}:\n\n{listed}\n"


async def get(letter: Letter, uow: UnitOfWork, actor: Actor, words: str) -> str:
    """One message of the archive, as `archive_mail_access` lets the author."""
    raw = await archive.message_by_mail(
        uow, actor, letter.mlist, words.split(maxsplit=1)[0] if words.split() else ""
    )
    message = parse_message(raw)
    head = "".join(f"{name}: {message.first(name) or ''}\n" for name in ("From", "Date", "Subject"))
    return f"{head}\n{text_part(message)}"


async def leave_family(letter: Letter, uow: UnitOfWork, actor: Actor, _words: str) -> str:
    """Leave every list of the list's family; what nothing proves is confirmed first."""
    family = None if letter.mlist.family_id is None else await families.by_id(uow, letter.mlist.family_id)
    if family is None:
        raise NoSuchFamily
    outcome = await family_signoff.sign_off(uow, actor, family, actor.sender)
    said = {"left": "you have left it.", "moderation": "its owners decide.", "refused": ""}
    return "".join(f"{each.mlist.address}: {said[each.became] or each.message}\n" for each in outcome.results)


async def move(letter: Letter, uow: UnitOfWork, actor: Actor, words: str) -> str:
    """Let another address take the place of the author's on all lists; both are asked, where nothing proves them yet."""
    moved = await moving.move_by_mail(uow, actor, letter.mlist, _first(words)[0])
    return "" if moved.waits else f"{moved.count} subscriptions and offices went over.\n"


COMMANDS: Mapping[str, Command] = {
    "info": info,
    "review": review,
    "add": add,
    "del": remove,
    "invite": invite,
    "remind": remind,
    "move": move,
    "which": which,
    "index": index,
    "leave-family": leave_family,
    "get": get,
}


async def answer(letter: Letter, uow: UnitOfWork) -> str:
    """Do what the letter asks as its author, proved as far as mail goes; what to answer, empty for nothing."""
    if letter.actor is None:
        return ""
    try:
        return await COMMANDS[letter.command](letter, uow, letter.actor, letter.arguments)
    except Refused as refused:
        return f"Your request `{letter.command}` was refused: {refused.message}\n"


def help_with(mlist: MailingList) -> str:
    """What can be asked of a list by mail."""
    name, domain = mlist.name, mlist.domain
    return (
        f"To join:    write to {name}-subscribe@{domain}\n"
        f"To leave:   write to {name}-unsubscribe@{domain}\n"
        f"Its owners: {name}-owner@{domain}\n\n"
        f"Other requests, in the subject of a mail to {name}-request@{domain}:\n"
        "info, review, which, index, get KEY, add ADDRESS, del ADDRESS, invite ADDRESS, remind, move NEW-ADDRESS,\nleave-family\n"
    )


def _first(words: str) -> list[str]:
    """The one address that a request names; without any, what cannot be read as one."""
    return words.split()[:1] or [""]


def _told(outcome: rosters.RosterOutcome, done: str) -> str:
    """What happened; nothing where a mail asks for a confirmation, since that mail is the answer."""
    lines = [f"{each.address} {done}." for each in outcome.done]
    lines += [f"{each}: nothing had to be changed." for each in outcome.already]
    lines += [f"{each.address or 'Your request'}: {each.message}" for each in outcome.problems]
    return "".join(f"{line}\n" for line in lines)
