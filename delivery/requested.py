"""What somebody asked for by mail and has now confirmed: carried out by whoever the request's ticket names."""

from collections.abc import Mapping

from delivery.mail_commands import members
from delivery.notices import send_notice
from identity import tickets
from identity.entrance import actor_for_ticket
from identity.tickets import TicketInvalid
from lists import family_signoff, moving, reminders, rosters, unifying
from lists.authorize import require
from lists.bounces import resetting, stopping
from lists.membership import place_of_ticket
from storage.database import UnitOfWork
from storage.tables.access import Ticket

# What a page says the request was; the address that it names follows.
SAID: Mapping[str, str] = {
    "add": "add",
    "del": "remove",
    "invite": "invite",
    "remind": "remind every member",
    "review": "see who is on the list",
    moving.BY_MAIL: "let your subscriptions and offices here go over to",
    moving.ACT: "take over the subscriptions of",
    unifying.BY_TICKET: "take over the subscriptions of",
    family_signoff.OPERATION: "leave every list of",
    stopping.ACT: "send mail again to",
}


async def carry_out(uow: UnitOfWork, ticket: Ticket) -> str:
    """Do it, and say what could not be done; the rules are asked again, now with that proof. Raises Rejected."""
    act = str(tickets.payload(ticket).get("act"))
    if act == stopping.ACT:
        await resetting.resume_by_ticket(uow, ticket)
        return ""
    if act == moving.ACT:
        await moving.move_by_ticket(uow, ticket)
        return ""
    if act == unifying.BY_TICKET:
        changes = await unifying.unify_by_ticket(uow, ticket)
        stayed = [f"{each.mlist.address}: {each.reason}" for each in changes if each.mlist and each.reason]
        return " ".join(stayed)
    if act == family_signoff.OPERATION:
        outcome_of_all = await family_signoff.sign_off_by_ticket(uow, ticket)
        kept = [f"{each.mlist.address}: {each.message}" for each in outcome_of_all.results if each.message]
        return " ".join(kept)
    if act not in ("remind", "review", moving.BY_MAIL):
        outcome = await rosters.carry_out(uow, ticket)
        return outcome.problems[0].message if outcome.problems else ""
    robot, mlist = await place_of_ticket(uow, ticket)
    actor = await actor_for_ticket(uow, robot, ticket)
    if actor is None:
        raise TicketInvalid
    if act == moving.BY_MAIL:
        await moving.move_user(uow, actor, actor.sender, str(tickets.payload(ticket)["address"]))
        return ""
    if act == "remind":
        await reminders.remind(uow, actor, mlist)
        return ""
    await require(uow, actor, "review", mlist=mlist)
    text = await members(uow, actor, mlist)
    await send_notice(uow, robot, mlist, ticket.address, f"Members of {mlist.name}", text)
    return ""
