"""What a list would answer to somebody, found by the code that answers in earnest, and without any effect (row 102)."""

from delivery.letter import Letter
from delivery.routes import ANSWERS
from delivery.spindle import wind
from identity.actor import Actor
from lists.authorize import authorize
from lists.decisions import Watch, Witnessed, watched
from lists.explaining import Supposition, Told, answer_told, supposed_actor
from lists.robots import robot_of
from mail.compose import compose
from mail.message import new_message_id, parse_message
from scenarios.decision import Decision, reject
from scenarios.request import NOBODY
from storage.database import Reader
from storage.tables.lists import MailingList


async def explain(
    reader: Reader,
    actor: Actor,
    operation: str,
    mlist: MailingList,
    what: Supposition,
    raw: bytes | None = None,
) -> Told:
    """What the list would answer under these circumstances, and why; `raw` is the message, for `send` only.

    Without a message, `send` is asked about a short one. Raises OwnersOnly, BadAddress, BadMessage.
    """
    who = await supposed_actor(reader, actor, mlist, what)
    with watched(Watch(is_rehearsal=True)) as watch:
        if operation == "send":
            decision = await _post(reader, who, mlist, raw)
        else:
            decision = await authorize(reader, who, operation, mlist=mlist, email=what.target)
    steps = watch.seen[-1].steps if watch.seen else ()
    found = Witnessed(decision, mlist.address, steps)
    return await answer_told(reader, actor, mlist, who, what.target, found)


async def _post(reader: Reader, who: Actor, mlist: MailingList, raw: bytes | None) -> Decision:
    """The way of a message as far as somebody may still be refused on it; a refusal before the rules has its own words."""
    message = parse_message(_short_message(reader, who, mlist) if raw is None else raw)
    letter = Letter(
        await robot_of(reader, who, mlist), mlist, message, _path(who, mlist), actor=who, is_prospect=True
    )
    reply = (await wind(letter, ANSWERS, "incoming", reader)).reply
    if letter.decision is not None:
        return letter.decision
    return reject("send", reply.text, method=who.method)


def _short_message(reader: Reader, who: Actor, mlist: MailingList) -> bytes:
    return compose(
        sender=_path(who, mlist),
        to=mlist.address,
        subject="",
        text="",
        domain=mlist.domain,
        date=reader.now,
        message_id=new_message_id(mlist.domain),
    )


def _path(who: Actor, mlist: MailingList) -> str:
    return f"nobody@{mlist.domain}" if who.sender == NOBODY else who.sender
