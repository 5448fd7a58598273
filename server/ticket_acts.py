"""What each kind of mailed ticket shows and does: a table from purpose to the page and to the act behind its buttons."""

from collections.abc import Mapping

from delivery import moderation as messages
from delivery.posts import confirm as confirm_post
from delivery.requested import SAID, carry_out
from identity import challenge, passwords, sign_in
from identity.browser import Browser
from identity.entrance import actor_for_session
from identity.password_change import change_password
from identity.refusal import Invalid
from identity.steps import Form
from identity.tickets import TicketInvalid, payload, redeem
from lists import membership
from lists.documents import links, pending
from lists.moderation import decide_request, moderator_by_ticket
from lists.unifying import BY_TICKET
from server.account_tickets import ACCOUNT_ACTS
from server.html import fill
from server.message_view import message_view
from server.peer_tickets import PEER_ACTS
from server.ticket_visits import NO, NOTHING, YES, Did, Purpose, Shown, Visit
from storage import posts
from storage.database import Reader
from storage.tables.mail import ModerationItem
from storage.tables.words import ModerationKind, ModerationState, TicketPurpose


async def show_sign_in(_: Reader, visit: Visit) -> Shown:
    """The page of a sign-in link."""
    text = f"Sign in to {visit.robot.title or visit.robot.domain} as {visit.ticket.address}."
    return Shown("Sign in", (text,), ((YES, "Sign in"),))


async def sign_in_now(visit: Visit, _: Mapping[str, str]) -> Did:
    """Open a new session; the one that the browser had ends."""
    step = await sign_in.finish_by_ticket(visit.db, visit.robot, visit.secret, browser=_browser(visit))
    if isinstance(step, Form):
        return Did("Sign in", "", step=step)
    return Did("Signed in", "You are signed in.", step.raw_token, step.return_to or "/")


async def show_reset(_: Reader, visit: Visit) -> Shown:
    """The page of a link to choose a new password."""
    text = f"Choose a new password for {visit.ticket.address}. All your other sessions will end."
    return Shown("Choose a password", (text,), ((YES, "Set the password"),), fill("password"))


async def reset(visit: Visit, form: Mapping[str, str]) -> Did:
    """Sign in and set the password; a password that cannot be taken leaves the ticket as good as it was."""
    new = form.get("password", "")
    passwords.check(new)
    if new != form.get("again", ""):
        raise Invalid("The two passwords differ; type the same twice.")
    done = await sign_in.finish_by_ticket(visit.db, visit.robot, visit.secret, browser=_browser(visit))
    if isinstance(done, Form):
        # The password is chosen once more behind the second factor: no session has it before.
        return Did("Sign in", "", step=done)
    async with visit.db.read() as reader:
        actor = await actor_for_session(reader, visit.robot, done.raw_token)
    if actor is None:
        raise TicketInvalid
    _, token = await change_password(visit.db, actor, new)
    return Did("Password set", "Your new password is set.", token or done.raw_token, done.return_to or "/")


async def show_link(reader: Reader, visit: Visit) -> Shown:
    """The page of a request to add an address: confirmed where it was asked, refused anywhere."""
    refuse = (NO, "Reject this request")
    address = visit.ticket.address
    if not _is_the_session_that_asked(visit):
        text = f"Somebody wants to add {address} to their account. If it was not you, reject the request."
        hint = "If it was you, open this page in the browser in which you asked, or type the code there."
        return Shown("Is this your address?", (text, hint), (refuse,))
    return Shown("Add this address", (f"Add {address} to your account.",), ((YES, "Add the address"), refuse))


async def link(visit: Visit, form: Mapping[str, str]) -> Did:
    """Add the address to the account of the session that asked, or refuse the request."""
    async with visit.db.write() as uow:
        if form.get("act") == NO:
            await challenge.reject_by_ticket(uow, visit.secret)
            return Did("Rejected", "The request is rejected; nothing was changed.")
        if visit.asker is None:
            raise TicketInvalid
        row = await challenge.confirm_by_ticket(uow, visit.asker, visit.secret)
    if row.proved_at is None:
        text = f"{row.address} belongs to another account; its holder was asked, and it comes over when they agree."
        return Did("Asked", text)
    return Did("Added", f"{row.address} belongs to your account now.")


async def show_subscribe(reader: Reader, visit: Visit) -> Shown:
    """The page of a confirmation or an invitation."""
    _, mlist = await membership.place_of_ticket(reader, visit.ticket)
    text = f"Subscribe {visit.ticket.address} to {mlist.address}."
    return Shown(f"Join {mlist.name}", (text, mlist.subject), ((YES, "Subscribe"),))


async def subscribe(visit: Visit, _: Mapping[str, str]) -> Did:
    """Put the ticket's address on the list, or before its owners."""
    async with visit.db.write() as uow:
        ticket = await redeem(uow, visit.secret, TicketPurpose.SUBSCRIBE, TicketPurpose.INVITATION)
        outcome = await membership.subscribe_by_ticket(uow, ticket)
    if outcome.membership is None:
        return Did("Waiting", "Your request waits for the owners of the list; you will hear from them.")
    return Did("Subscribed", f"{outcome.membership.address} is subscribed.")


async def show_unsubscribe(reader: Reader, visit: Visit) -> Shown:
    """The page of a request to leave."""
    _, mlist = await membership.place_of_ticket(reader, visit.ticket)
    text = f"Unsubscribe {visit.ticket.address} from {mlist.address}."
    return Shown(f"Leave {mlist.name}", (text,), ((YES, "Unsubscribe"),))


async def unsubscribe(visit: Visit, _: Mapping[str, str]) -> Did:
    """Take the ticket's address off the list, or put the wish before its owners."""
    async with visit.db.write() as uow:
        ticket = await redeem(uow, visit.secret, TicketPurpose.UNSUBSCRIBE)
        outcome = await membership.unsubscribe_by_ticket(uow, ticket)
    if outcome.removed is None:
        return Did("Waiting", "Your request waits for the owners of the list; you will hear from them.")
    return Did("Unsubscribed", f"{outcome.removed.address} is not subscribed any more.")


async def show_request(reader: Reader, visit: Visit) -> Shown:
    """The page of an act that was asked for by mail, or that needs a further address's yes."""
    act = payload(visit.ticket)
    said = SAID.get(str(act.get("act")), "change")
    what, where = f"{said} {act.get('address', '')}".strip(), visit.robot.domain
    if visit.ticket.list_id is not None:
        _, mlist = await membership.place_of_ticket(reader, visit.ticket)
        where = mlist.address
    text = f"Somebody asked, in the name of {visit.ticket.address}, to {what} at {where}."
    if act.get("act") == BY_TICKET:
        text = f"Mail to {act.get('address')} comes back. Let {visit.ticket.address} {what} at {where}."
    return Shown(f"Your request about {where}", (text,), ((YES, "Yes, do it"), (NO, "No")))


async def request(visit: Visit, form: Mapping[str, str]) -> Did:
    """Carry the act out, or let it be."""
    async with visit.db.write() as uow:
        ticket = await redeem(uow, visit.secret, TicketPurpose.REQUEST)
        if form.get("act") == NO:
            return Did("Not done", "Nothing was changed.")
        problem = await carry_out(uow, ticket)
    return Did("Not done", problem) if problem else Did("Done", "It is done.")


async def show_moderation(reader: Reader, visit: Visit) -> Shown:
    """What waits for a moderator: a message as plain text, a document by a link to it, or somebody's wish."""
    actor, item, mlist = await moderator_by_ticket(reader, visit.ticket)
    title = f"Waiting at {mlist.name}"
    if item.state is not ModerationState.WAITING:
        return Shown(title, (f"This was already {item.state.value} by {item.decided_by}.",), ())
    raw = await posts.raw(reader, item.message_id) if item.message_id is not None else None
    buttons = ((ModerationState.APPROVED.value, "Approve"), (ModerationState.REJECTED.value, "Reject"))
    discard = (ModerationState.DISCARDED.value, "Discard without a word")
    below = message_view(raw, item.received_at) if raw is not None else NOTHING
    if item.kind is ModerationKind.DOCUMENT and (row := await pending.of_item(reader, item)) is not None:
        below = fill("link", href=links.to_pending(reader.site, actor.robot, row), text="Fetch it and look")
    return Shown(title, (_waiting_words(item),), (*buttons, discard), fill("reason"), below)


async def moderate(visit: Visit, form: Mapping[str, str]) -> Did:
    """Decide, unless somebody else was faster."""
    try:
        verdict = ModerationState(form.get("act", ""))
    except ValueError:
        raise TicketInvalid from None
    if verdict is ModerationState.WAITING:
        raise TicketInvalid
    reason = " ".join(form.get("reason", "").split())[:500]
    async with visit.db.write() as uow:
        ticket = await redeem(uow, visit.secret, TicketPurpose.MODERATE)
        actor, item, mlist = await moderator_by_ticket(uow, ticket)
        if item.kind is ModerationKind.MESSAGE:
            await messages.decide(uow, actor, mlist, item, verdict, reason=reason)
        else:
            await decide_request(uow, actor, item, verdict, reason)
    return Did("Decided", f"It is {verdict.value}.")


async def show_post(reader: Reader, visit: Visit) -> Shown:
    """The page on which an author says that a held message is theirs."""
    _, mlist = await membership.place_of_ticket(reader, visit.ticket)
    key = int(payload(visit.ticket).get("message", 0))
    stored = await posts.find(reader, key)
    raw = await posts.raw(reader, key)
    if stored is None or raw is None or stored.list_id != mlist.id:
        raise TicketInvalid
    text = f"A message from {visit.ticket.address} to {mlist.address} waits. Did you write it?"
    below = message_view(raw, stored.received_at)
    return Shown(f"Your message to {mlist.name}", (text,), ((YES, "Yes, send it"),), below=below)


async def post(visit: Visit, _: Mapping[str, str]) -> Did:
    """Ask the list again, now that the author is sure."""
    async with visit.db.write() as uow:
        ticket = await redeem(uow, visit.secret, TicketPurpose.CONFIRM_POST)
        outcome = await confirm_post(uow, ticket, int(payload(ticket).get("message", 0)))
    if outcome.delivery_id is not None:
        return Did("On its way", "Your message is on its way to the list.")
    if outcome.moderation_id is not None:
        return Did("Waiting", "Your message waits for a moderator of the list.")
    return Did("Not sent", outcome.reason)


ACTS: Mapping[TicketPurpose, Purpose] = {
    TicketPurpose.SIGN_IN: Purpose(show_sign_in, sign_in_now),
    TicketPurpose.RESET: Purpose(show_reset, reset),
    TicketPurpose.LINK_ADDRESS: Purpose(show_link, link),
    TicketPurpose.SUBSCRIBE: Purpose(show_subscribe, subscribe),
    TicketPurpose.INVITATION: Purpose(show_subscribe, subscribe),
    TicketPurpose.UNSUBSCRIBE: Purpose(show_unsubscribe, unsubscribe),
    TicketPurpose.REQUEST: Purpose(show_request, request),
    TicketPurpose.MODERATE: Purpose(show_moderation, moderate),
    TicketPurpose.CONFIRM_POST: Purpose(show_post, post),
    **ACCOUNT_ACTS,
    **PEER_ACTS,
}


def _browser(visit: Visit) -> Browser:
    previous = visit.asker.session if visit.asker else None
    return Browser(user_agent=visit.user_agent, remote=visit.remote, previous=previous)


def _is_the_session_that_asked(visit: Visit) -> bool:
    session = visit.asker.session if visit.asker else None
    return session is not None and session.id == visit.ticket.session_id


def _waiting_words(item: ModerationItem) -> str:
    wish = {
        ModerationKind.MESSAGE: f"A message by {item.author} waits for your decision.",
        ModerationKind.SUBSCRIBE: f"{item.author} wants to join.",
        ModerationKind.UNSUBSCRIBE: f"{item.author} wants to leave.",
        ModerationKind.LIST_CREATION: f"{item.author} wants to have this list.",
        ModerationKind.DOCUMENT: f"{item.author} wants to share the document {item.subject}.",
    }
    return wish[item.kind]
