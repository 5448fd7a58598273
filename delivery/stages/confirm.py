"""A mail that an address demonstrably wrote shows that it is still its person's, where the domain lets that count (row 119)."""

from delivery.evidence import strength_of
from delivery.letter import Done, Letter, Next
from identity.keeping import confirm_by_mail
from mail.instant import DAY, parse_date_field
from storage.database import UnitOfWork
from storage.tables.words import Strength

# A signed mail can be kept and sent again: one that says it is old shows nothing of today.
_LATELY = 3 * DAY


async def confirm(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Let the author's address count for a year more; a From field that nothing bears out never does."""
    actor = letter.actor
    if actor is None or actor.person is None or actor.via != "mail" or not letter.robot.dkim_confirms:
        return None
    written = parse_date_field(letter.message.first("Date") or "")
    is_recent = written is not None and abs(uow.now - written) <= _LATELY
    if is_recent and strength_of(letter.evidence, letter.mlist) >= Strength.DKIM:
        await confirm_by_mail(uow, letter.robot, actor.person, letter.author)
    return None
