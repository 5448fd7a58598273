"""What the mailed tickets about accounts show and do: keeping an address, letting it go to another account, removing an account."""

from collections.abc import Mapping

from identity import consent, keeping, removal
from identity.tickets import payload
from lists import account_removal
from server.ticket_visits import NO, YES, Did, Purpose, Shown, Visit
from storage.database import Reader
from storage.tables.words import TicketPurpose


async def show_keep(reader: Reader, visit: Visit) -> Shown:
    """The page of a warning that an address lapses, or of the question to the address itself."""
    person, robot, row = await keeping.lapsing_row(reader, visit.ticket)
    title = f"An address at {robot.title or robot.domain}"
    if not payload(visit.ticket)["is_itself"]:
        text = (
            f"{row.address} soon stops counting in your account. A mail there asks whether it is still yours."
        )
        return Shown(title, (text,), ((YES, "Send that mail"),))
    text = f"Does {row.address} still belong to the account of {person.main_address}?"
    return Shown(title, (text,), ((YES, "Yes, keep it"), (NO, "No, take it out of that account")))


async def keep(visit: Visit, form: Mapping[str, str]) -> Did:
    """Ask the address, or do what it says."""
    async with visit.db.write() as uow:
        if not payload(visit.ticket)["is_itself"]:
            address = await keeping.ask_address(uow, visit.secret)
            return Did("Sent", f"A mail is on its way to {address}; open the link in it.")
        if form.get("act") == NO:
            address = await keeping.give_up_address(uow, visit.secret)
            return Did("Taken out", f"{address} does not belong to that account any more.")
        address = await keeping.keep_address(uow, visit.secret)
    return Did("Kept", f"{address} counts for a year more.")


async def show_consent(reader: Reader, visit: Visit) -> Shown:
    """Who asks for an address of the visitor's account, and what can be answered."""
    asked = await consent.question(reader, visit.ticket, visit.asker)
    text = (
        f"{asked.asker.main_address} asks to have {asked.claim.address} in their account. It is in yours now."
    )
    hint = (
        "Joining makes one account of both: the other one keeps, with all of your addresses and subscriptions."
        if asked.can_join
        else "If both accounts are yours, sign in with an address of this one in this browser and open the page again: "
        "then you can join the two."
    )
    buttons = [(consent.REFUSE, "No")]
    if asked.can_join:
        buttons.append((consent.JOIN, "Join the two accounts"))
    if asked.can_move:
        buttons.append((consent.MOVE, "It is theirs too: move the address"))
    return Shown("May this address go to another account?", (text, hint), tuple(buttons))


async def answer_consent(visit: Visit, form: Mapping[str, str]) -> Did:
    """Move the address, join the accounts, or leave all as it is."""
    choice = form.get("act", "")
    async with visit.db.write() as uow:
        asked = await consent.answer(uow, visit.secret, visit.asker, choice)
    match choice:
        case consent.MOVE:
            return Did("Moved", f"{asked.claim.address} is in the account of {asked.asker.main_address} now.")
        case consent.JOIN:
            text = f"The two accounts are one, that of {asked.asker.main_address}. Sign in again."
            return Did("Joined", text)
        case _:
            return Did("Refused", "Nothing was changed.")


async def show_removal(reader: Reader, visit: Visit) -> Shown:
    """The page that asks whether the account is really to be removed."""
    person = await removal.person_of_ticket(reader, visit.ticket)
    text = f"Remove the account of {person.main_address} with all its addresses, subscriptions and ways to sign in."
    return Shown(
        "Remove your account", (text, "This cannot be undone."), ((YES, "Remove it"), (NO, "Keep it"))
    )


async def remove(visit: Visit, form: Mapping[str, str]) -> Did:
    """Remove the account, or let it be."""
    if form.get("act") == NO:
        return Did("Kept", "Nothing was changed.")
    async with visit.db.write() as uow:
        found = await account_removal.remove_by_ticket(uow, visit.secret)
    staying = [each.mlist.address for each in found if not each.leaves]
    text = "Your account was removed."
    if staying:
        text += f" These lists do not let their subscribers leave; ask their owners: {', '.join(staying)}."
    return Did("Removed", text)


ACCOUNT_ACTS: Mapping[TicketPurpose, Purpose] = {
    TicketPurpose.KEEP_ADDRESS: Purpose(show_keep, keep),
    TicketPurpose.CONSENT_ADDRESS: Purpose(show_consent, answer_consent),
    TicketPurpose.REMOVE_ACCOUNT: Purpose(show_removal, remove),
}
