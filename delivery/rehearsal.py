"""What a list would answer to somebody, found by the code that answers in earnest, and without any effect (row 102)."""

from dataclasses import replace

from delivery.authentication.dmarc import UNKNOWN
from delivery.letter import Letter
from delivery.routes import ANSWERS
from delivery.spindle import wind
from identity.actor import Actor
from lists.authorize import authorize
from lists.decisions import Watch, Witnessed, watched
from lists.explaining import Supposition, Told, answer_told, supposed_actor
from lists.robots import robot_of
from mail.compose import compose
from mail.errors import BadAddress, BadMessage
from mail.message import Message, author, new_message_id, parse_message
from scenarios.decision import Decision, reject
from scenarios.request import NOBODY
from storage.database import Reader
from storage.site import Site
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
    protection = ""
    with watched(Watch(is_rehearsal=True)) as watch:
        if operation == "send":
            decision, protection = await _post(reader, who, mlist, raw)
        else:
            decision = await authorize(reader, who, operation, mlist=mlist, email=what.target)
    steps = watch.seen[-1].steps if watch.seen else ()
    found = Witnessed(decision, mlist.address, steps)
    return replace(await answer_told(reader, actor, mlist, who, what.target, found), protection=protection)


async def ask_beforehand(site: Site, actor: Actor, what: Supposition, raw: bytes | None) -> None:
    """Find out which DMARC policy the author of an imagined post is under, for those who are signed in; before a reader is open."""
    if actor.person is None:
        return
    written = raw if raw is not None else f"From: {what.email or actor.sender}\r\n\r\n".encode()
    try:
        domain = author(parse_message(written)).address.domain
    except (BadMessage, BadAddress):
        return
    await site.author_policies.ask(domain)


async def _post(reader: Reader, who: Actor, mlist: MailingList, raw: bytes | None) -> tuple[Decision, str]:
    """The way of a message as far as somebody may still be refused on it; a refusal before the rules has its own words.

    And what would be done with it for its author's policy, as if it came without a signature.
    """
    message = parse_message(_short_message(reader, who, mlist) if raw is None else raw)
    letter = Letter(
        await robot_of(reader, who, mlist),
        mlist,
        message,
        _path(who, mlist),
        actor=who,
        is_prospect=True,
        mail_results={"policy": _policy(reader, message)},
    )
    reply = (await wind(letter, ANSWERS, "incoming", reader)).reply
    if letter.decision is not None:
        return letter.decision, "" if letter.shield is None else letter.shield.told()
    return reject("send", reply.text, method=who.method), ""


def _policy(reader: Reader, message: Message) -> str:
    try:
        return reader.site.author_policies.known(author(message).address.domain)
    except (BadMessage, BadAddress):
        return UNKNOWN


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
