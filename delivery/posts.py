"""A post that does not come by mail: written through the API, or held and now confirmed."""

from dataclasses import dataclass

from delivery.letter import Letter
from delivery.reasons import answer_to_author
from delivery.routes import ROUTES
from delivery.spindle import wind
from identity.actor import Actor
from identity.entrance import actor_for_mail
from identity.refusal import Forbidden, Invalid, NotFound, SignInNeeded
from lists.offices import require_owner
from mail.address import address_key, format_mailbox, parse_address
from mail.compose import compose
from mail.errors import BadAddress, BadMessage
from mail.message import new_message_id, parse_message
from scenarios.decision import Decision
from storage import lists, posts, robots
from storage.database import UnitOfWork
from storage.site import Site
from storage.tables.access import Ticket
from storage.tables.lists import MailingList
from storage.tables.words import MessageState, Strength


class NotYourAddress(Forbidden):
    """You can only write under an address that is proved to be yours."""


class AlreadySent(Forbidden):
    """This message has been dealt with already."""

    code = "CONFLICT"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a post: a delivery, an item that waits, or neither and why."""

    decision: Decision
    message_id: str
    delivery_id: int | None
    moderation_id: int | None
    reason: str


async def post(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    *,
    subject: str,
    text: str,
    html: str | None = None,
    sender: str | None = None,
    in_reply_to: str | None = None,
    priority: int | None = None,
) -> Outcome:
    """Post as one of the actor's own addresses; the list's scenario decides as for mail.

    `in_reply_to` is a Message-ID, `priority` 0 to 9 (owners). Raises SignInNeeded, NotYourAddress, OwnersOnly, Invalid.
    """
    if actor.person is None:
        raise SignInNeeded
    written_as = sender or actor.sender
    own = {address_key(address): address for address in actor.addresses}
    address = own.get(address_key(written_as))
    if address is None:
        raise NotYourAddress(path=("from",))
    if priority is not None:
        await require_owner(uow, actor, mlist)
    letter = Letter(
        actor.robot,
        mlist,
        parse_message(_composed(uow, actor, mlist, address, subject, text, html, in_reply_to)),
        reverse_path=address,
        priority=priority,
        actor=actor,
        mail_results={"policy": uow.site.author_policies.known(parse_address(address).domain)},
    )
    return await _outcome(letter, uow, "incoming")


async def ask_beforehand(site: Site, actor: Actor, sender: str | None) -> None:
    """Find out what the domain of a post's author asks for by DMARC; to be called before the transaction of `post`."""
    try:
        domain = parse_address(sender or actor.sender).domain
    except BadAddress:
        return
    if actor.person is not None:
        await site.author_policies.ask(domain)


def _composed(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    address: str,
    subject: str,
    text: str,
    html: str | None,
    in_reply_to: str | None,
) -> bytes:
    name = actor.person.display_name if actor.person else ""
    answered = [("In-Reply-To", in_reply_to), ("References", in_reply_to)] if in_reply_to else []
    try:
        return compose(
            sender=format_mailbox(name, address),
            to=mlist.address,
            subject=subject,
            text=text,
            html=html,
            domain=mlist.domain,
            date=uow.now,
            message_id=new_message_id(mlist.domain),
            extra=answered,
        )
    except BadMessage as bad:
        raise Invalid(str(bad), path=("subject",)) from bad


async def _outcome(letter: Letter, uow: UnitOfWork, route: str) -> Outcome:
    done = await wind(letter, ROUTES, route, uow)
    if letter.bad_template:
        raise Invalid(letter.bad_template, path=("text",))
    if letter.decision is None:
        raise Invalid(done.reply.text)
    return Outcome(
        letter.decision,
        letter.message_id,
        letter.delivery_id,
        letter.moderation_id,
        letter.turned_away or answer_to_author(letter, uow.site) if letter.delivery_id is None else "",
    )


async def confirm(uow: UnitOfWork, ticket: Ticket, message_key: int) -> Outcome:
    """The author, holding a ticket sent to the address, says that a held message is theirs; the list is asked again."""
    stored = await posts.find(uow, message_key)
    if stored is None or stored.list_id != ticket.list_id:
        raise NotFound
    if stored.state is not MessageState.HELD:
        raise AlreadySent
    mlist = await lists.by_id(uow, stored.list_id)
    raw = await posts.raw(uow, stored.id)
    robot = await robots.by_id(uow, ticket.robot_id)
    if mlist is None or raw is None or robot is None:
        raise NotFound
    results = await posts.mail_results(uow, stored.id)
    letter = Letter(
        robot,
        mlist,
        parse_message(raw),
        reverse_path=ticket.address,
        confirmed_by=ticket.address,
        # The click proves who wrote it; what was found out about the mail's own way stays as it was.
        actor=await actor_for_mail(uow, robot, ticket.address, Strength.MD5, results=results),
        mail_results=results,
        message_id=stored.message_id,
        message_key=stored.id,
        archive_key=stored.archive_key,
    )
    outcome = await _outcome(letter, uow, "confirmed")
    if outcome.delivery_id is None and outcome.moderation_id is None:
        await posts.set_state(uow, stored.id, MessageState.REJECTED)
    return outcome
