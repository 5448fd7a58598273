"""Something came to a list's bounce address: a failure or a complaint is recorded, and nothing is ever answered."""

from delivery.bounces.complaining import complaint
from delivery.bounces.reading import Outcome, is_from_a_mail_server, read
from delivery.bounces.recording import came_back
from delivery.letter import TAKEN, Done, Letter, Next
from storage.database import UnitOfWork


async def bounce(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Take it in whatever it is; a delay, a vacation notice or a letter to nobody changes nothing (rows 57, 78)."""
    reading = letter.reading or read(letter.message, letter.reverse_path)
    match reading.outcome:
        case Outcome.FAILED:
            is_from_a_server = is_from_a_mail_server(letter.message, letter.reverse_path)
            await came_back(uow, letter, reading, is_from_a_server=is_from_a_server)
        case Outcome.COMPLAINT:
            await complaint(uow, letter, reading)
        case _:
            pass
    return Done(TAKEN)
