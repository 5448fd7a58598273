"""The message is stored byte for byte before anything else is done with it (invariant 8)."""

import secrets

from delivery.letter import Done, Letter, Next
from delivery.once_signed import remember
from mail.message import references
from mail.status import Reply
from storage import posts
from storage.database import UnitOfWork
from storage.tables.words import MessageState


async def keep(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Store it once for the list; the loser of a race between two copies is taken and forgotten."""
    if letter.message_key is not None:
        return None
    letter.archive_key = secrets.token_urlsafe(12)
    letter.message_key = await posts.keep(
        uow,
        list_id=letter.mlist.id,
        message_id=letter.message_id,
        author=letter.author,
        subject=letter.message.first("Subject") or "",
        raw=letter.message.raw,
        state=MessageState.HELD,
        in_reply_to=(references(letter.message) or [""])[-1],
        archive_key=letter.archive_key,
        mail_results=letter.mail_results,
        content_hash=letter.content_hash,
    )
    if letter.message_key is None:
        return Done(Reply(250, "2.6.0", "this message is here already"))
    await remember(uow, letter.evidence, letter.message_id)
    return None
