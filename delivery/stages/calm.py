"""Storms: what comes too fast waits for an editor, and a list that has too much waiting takes no more for now."""

from dataclasses import replace

from delivery.letter import Done, Letter, Next
from lists import decisions
from mail.instant import HOUR
from mail.sameness import content_digest
from mail.status import Reply
from storage import storms
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList

# The same words by the same author, under ever new Message-IDs, within an hour: no person writes so.
MOST_EQUAL = 50
_FULL = Reply(451, "4.3.1", "too many messages of this list are waiting; please try again later")


async def room(letter: Letter, reader: Reader) -> Next | Done | None:
    """Leave a message with its server while the list has too much waiting; other lists do not notice (row 52)."""
    most = reader.site.list_backlog
    if most and await storms.backlog(reader, letter.mlist.id) >= most:
        return Done(_FULL)
    return None


async def calm(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Let a post wait for an editor, with the reason, where more come than the list lets through in an hour."""
    letter.content_hash = content_digest(letter.message)
    found = await storms.lately(
        uow,
        letter.mlist.id,
        author=letter.author,
        content_hash=letter.content_hash,
        since=uow.now - HOUR,
    )
    reason = _reason(letter.mlist, found, is_new=letter.message_key is None)
    if reason is None:
        return None
    letter.held_for = reason
    if letter.decision is not None:
        held = replace(letter.decision, action="editorkey", condition=decisions.STORM)
        letter.decision = await decisions.amend(uow, held)
    return Next("moderate")


def _reason(mlist: MailingList, found: storms.Lately, *, is_new: bool) -> str | None:
    of_list, of_author = mlist.most_posts_per_hour, mlist.most_posts_per_author_per_hour
    if of_list and found.distributed >= of_list:
        return f"the list sends {of_list} posts in an hour at most (most_posts_per_hour)"
    if of_author and found.by_author >= of_author:
        return f"one author has {of_author} posts in an hour at most (most_posts_per_author_per_hour)"
    # A message that waited for its author is among those counted.
    if found.equal >= MOST_EQUAL + (not is_new):
        return f"its author has written the same {MOST_EQUAL} times within an hour"
    return None
