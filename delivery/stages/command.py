"""Joining, leaving and help by mail, through the same functions as on the web (invariant 7)."""

from delivery.letter import TAKEN, Done, Letter, Next
from delivery.mail_commands import COMMANDS, answer, help_with
from delivery.notices import send_notice
from identity import attempts
from identity.attempts import Limit
from identity.refusal import Refused, TooMany
from lists import membership
from mail.address import address_key
from mail.automatic import is_automatic
from mail.errors import BadMessage
from mail.instant import HOUR
from mail.mime import text_part
from storage import memberships
from storage.database import Reader, UnitOfWork

_COMMANDS = {
    "subscribe": "subscribe",
    "sub": "subscribe",
    "join": "subscribe",
    "unsubscribe": "unsubscribe",
    "signoff": "unsubscribe",
    "leave": "unsubscribe",
    "help": "help",
    "rev": "review",
    "who": "review",
    "delete": "del",
    "remove": "del",
    "archive": "index",
    **{name: name for name in COMMANDS},
}
_LINES = 10
_LONGEST = 500
_ANSWERS = Limit("answer to a command", 5, HOUR)


async def read_command(letter: Letter, reader: Reader) -> Next | Done | None:
    """Which command it is: named by the address, or the first word of the subject or of a line; else help.

    Answers of automata are dropped: a command that a machine sends is a loop in the making (RFC 3834).
    """
    if is_automatic(letter.message) or not letter.reverse_path:
        return Done(TAKEN)
    if not letter.command:
        letter.command, letter.arguments = _written(letter)
    return None


def _written(letter: Letter) -> tuple[str, str]:
    try:
        body = text_part(letter.message)
    except BadMessage:
        body = ""
    for line in [letter.message.first("Subject") or "", *body.splitlines()[:_LINES]]:
        first, _, rest = line.strip().partition(" ")
        if first.lower() in _COMMANDS:
            return _COMMANDS[first.lower()], rest.strip()[:_LONGEST]
    return "help", ""


async def command(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Do it as the author, proved as far as mail goes; the answer goes to the author alone."""
    if letter.command == "subscribe":
        await _subscribe(letter, uow)
    elif letter.command == "unsubscribe":
        await _unsubscribe(letter, uow)
    elif letter.command in COMMANDS:
        await _other(letter, uow)
    else:
        await _help(letter, uow)
    return Done(TAKEN)


async def _other(letter: Letter, uow: UnitOfWork) -> None:
    text = await answer(letter, uow)
    if text:
        await _answer(letter, uow, text)


async def _subscribe(letter: Letter, uow: UnitOfWork) -> None:
    if letter.actor is None:
        return
    try:
        await membership.subscribe(uow, letter.actor, letter.mlist, address=letter.author)
    except Refused as refused:
        await _answer(letter, uow, f"You were not subscribed: {refused.message}\n")


async def _unsubscribe(letter: Letter, uow: UnitOfWork) -> None:
    if letter.actor is None:
        return
    keys = [address_key(one.address) for one in letter.actor.identities]
    found = await memberships.of_keys(uow, [letter.mlist.id], keys)
    if not found:
        await _answer(letter, uow, f"{letter.author} is not subscribed to {letter.mlist.address}.\n")
        return
    try:
        await membership.unsubscribe(uow, letter.actor, found[0])
    except Refused as refused:
        await _answer(letter, uow, f"You were not unsubscribed: {refused.message}\n")


async def _help(letter: Letter, uow: UnitOfWork) -> None:
    await _answer(
        letter, uow, f"This is the mailing list {letter.mlist.address}.\n\n{help_with(letter.mlist)}"
    )


async def _answer(letter: Letter, uow: UnitOfWork, text: str) -> None:
    """Tell the author, unless they were told often enough: their name may stand on somebody else's mails (pitfall 60)."""
    try:
        await attempts.take(uow, [(_ANSWERS, f"{letter.mlist.id} {address_key(letter.author)}")])
    except TooMany:
        return
    subject = f"Your mail to {letter.mlist.name}"
    await send_notice(uow, letter.robot, letter.mlist, letter.author, subject, text)
