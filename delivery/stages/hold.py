"""A message waits until its author says that it is really theirs."""

from delivery.letter import TAKEN, Done, Letter, Next
from delivery.notices import ask_author
from storage.database import UnitOfWork


async def hold(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Ask the author by mail for one click (row 2 of the anchors); the message stays as it came until then."""
    await ask_author(uow, letter)
    return Done(TAKEN)
