"""What the mailed question shows and does by which an address lets another list server hear of its lists."""

from collections.abc import Mapping

from federation import mailed_consent
from server.html import fill
from server.ticket_visits import NO, NOTHING, YES, Did, Purpose, Shown, Visit
from storage.database import Reader
from storage.tables.words import TicketPurpose


async def show_telling(reader: Reader, visit: Visit) -> Shown:
    """Who asks, and what would be told now."""
    asked = await mailed_consent.question(reader, visit.ticket)
    text = f"May the list server {asked.peer.domain} see which lists {asked.address} is on here?"
    what = "It would be told now of: " + ", ".join(asked.lists) + "." if asked.lists else ""
    hint = (
        "Say yes only if you have an account there. Lists that their owners keep to themselves are not told."
    )
    buttons = ((NO, "Never"), (YES, "Allow for a year"))
    return Shown("Another server asks about you", (text, what, hint), buttons)


async def tell(visit: Visit, form: Mapping[str, str]) -> Did:
    """Keep what the address says; with a yes, lead back to the server that asked."""
    allows = form.get("act") == YES
    async with visit.db.write() as uow:
        asked, link = await mailed_consent.answer(uow, visit.secret, allows=allows)
    if not allows:
        return Did("Refused", f"{asked.peer.domain} is told nothing, and you will not be asked again.")
    text = f"{asked.peer.domain} may see which lists {asked.address} is on here, for a year or until you stop that."
    label = f"Go on at {asked.peer.domain}, signed in there, so that it can show that it is you who asks"
    below = NOTHING if link is None else fill("link", href=link, text=label)
    return Did("Allowed", text, below=below)


PEER_ACTS: Mapping[TicketPurpose, Purpose] = {TicketPurpose.TELL_PEER: Purpose(show_telling, tell)}
