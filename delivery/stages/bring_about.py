"""A mail to an address of a family makes the list there, once, if its author may (row 15)."""

from delivery.answers import UNKNOWN
from delivery.letter import Done, Letter, Next
from lists import automatic_lists
from mail.automatic import is_automatic
from storage.database import Reader, transaction_of


async def bring_about(letter: Letter, reader: Reader) -> Next | Done | None:
    """Ask the family's rules, and go on as at any list; whoever only looks goes on without it being made.

    No machine makes lists: answers of automata, and what comes without a sender (RFC 3834).
    """
    if letter.actor is None or not letter.reverse_path or is_automatic(letter.message):
        return Done(UNKNOWN)
    decision = await automatic_lists.question(
        reader, letter.actor, letter.mlist, record=not letter.is_prospect
    )
    if decision.action != "do_it":
        return Done(UNKNOWN)
    uow = transaction_of(reader)
    if uow is None:
        letter.mlist = automatic_lists.imagined_open(letter.mlist)
    else:
        letter.mlist = await automatic_lists.bring_about(uow, letter.actor, letter.robot, letter.mlist)
    return Next("incoming")
