"""A message waits until its author says that it is really theirs."""

from delivery.letter import TAKEN, Done, Letter, Next
from delivery.notices import ask_author
from identity import attempts
from identity.attempts import Counted, Limit
from mail.address import address_key
from mail.instant import HOUR
from storage.database import Reader, UnitOfWork

_QUESTIONS = Limit("question to an author", 20, HOUR)


async def hold(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Ask the author by mail for one click (row 2 of the anchors); the message stays as it came until then.

    Raises TooMany, which leaves the message with the server that brought it: the name of an author may stand on
    somebody else's mails, and whose it is must not be flooded with questions (pitfall 60).
    """
    await attempts.take(uow, [_question(letter)])
    await ask_author(uow, letter)
    return Done(TAKEN)


async def may_be_asked(letter: Letter, reader: Reader) -> Next | Done | None:
    """Whether the author has not been asked too often yet; raises TooMany."""
    await attempts.check(reader, [_question(letter)])
    return None


def _question(letter: Letter) -> Counted:
    return _QUESTIONS, f"{letter.mlist.id} {address_key(letter.author)}"
