"""The domain's scenario for `spam_status` says what a message is: ham, spam, or something in between."""

from delivery.letter import Done, Letter, Next
from lists.authorize import authorize
from storage.database import Reader

_WORDS = frozenset({"ham", "spam", "unsure"})


async def classify(letter: Letter, reader: Reader) -> Next | Done | None:
    """Note the answer for later stages; where the rules cannot be applied nobody knows, which is `unsure`.

    What somebody writes who is signed in comes through no filter, and is not asked about.
    """
    if letter.actor is None or letter.actor.via != "mail":
        return None
    decision = await authorize(
        reader, letter.actor, "spam_status", mlist=letter.mlist, message=letter.message, record=False
    )
    letter.spam = decision.action if decision.action in _WORDS else "unsure"
    return None
