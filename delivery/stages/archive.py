"""The message is in the archive before its first copy can leave (row 86)."""

from delivery.letter import Done, Letter, Next
from storage import posts
from storage.database import UnitOfWork


async def archive(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Mark the stored message as archived, in the transaction that makes its packets."""
    if letter.message_key is not None:
        await posts.archive(uow, letter.message_key, letter.mlist.id)
    return None
