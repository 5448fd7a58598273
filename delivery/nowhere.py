"""What is said to mail for a list that is not there: the same to everybody who may not make it, whatever its name."""

from delivery.addresses import begins_as_family_here
from delivery.answers import UNCHECKED, UNKNOWN
from delivery.evidence import Evidence
from delivery.letter import Letter
from mail.address import parse_address
from mail.status import Reply
from storage.database import Reader

# Where the letter of a list that is not there begins, and the ends at which the list has a message of its own.
_BEGINNING = ["automatic"]
_KEPT = ("distribute", "moderate", "hold")


class NotBroughtAbout(Exception):
    """A list was made of its first message and then refused it, so that it must not stay."""

    code = "NOT_BROUGHT_ABOUT"

    def __init__(self, reply: Reply) -> None:
        """`reply` is what the sender is told."""
        super().__init__(reply.text)
        self.reply = reply


async def nobodys(reader: Reader, recipient: str, evidence: Evidence | None) -> Reply:
    """The answer at an address that is nobody's; where lists might be made by mail, the same as to whoever may not.

    There a signature that cannot be checked just now might have told somebody who may, so that nothing is final.
    """
    is_unsure = evidence is not None and evidence.is_unsure
    if is_unsure and await begins_as_family_here(reader, parse_address(recipient)):
        return UNCHECKED
    return UNKNOWN


def told(letter: Letter, reply: Reply) -> Reply:
    """The reply to a letter; whoever may not make a list hears nothing of it, whatever they did wrong.

    Spam makes no list, whoever it is from.
    """
    if letter.trail[:1] == _BEGINNING and letter.is_spam:
        return UNKNOWN
    if letter.trail == _BEGINNING and not reply.is_positive and not reply.is_temporary:
        unsure = letter.evidence is not None and letter.evidence.is_unsure
        return UNCHECKED if unsure else UNKNOWN
    return reply


def require_kept(letter: Letter, reply: Reply) -> None:
    """Raises NotBroughtAbout where a list was made and its first message did not stay with it."""
    if letter.trail != _BEGINNING and not (reply.is_positive and letter.trail[-1] in _KEPT):
        raise NotBroughtAbout(reply)
