"""The words that the mail server is told, the same at LMTP and at the milter door."""

from collections.abc import Awaitable

import structlog

from identity.refusal import Refused, TooMany
from mail.errors import BadAddress, BadMessage
from mail.status import Reply

log = structlog.get_logger(__name__)

NO_ROOM = Reply(452, "4.3.1", "there is no room for more mail just now; please try again later")
UNKNOWN = Reply(550, "5.1.1", "no such list here")
BAD_ADDRESS = Reply(553, "5.1.3", "this is not an address")
KNOWN = Reply(250, "2.1.5", "go on")
BAD_MESSAGE = Reply(554, "5.6.0", "this is not a message")
UNCHECKED = Reply(451, "4.7.5", "the signature of this message cannot be checked just now; try again later")
LATER = Reply(451, "4.3.0", "something broke here; try again later")

# What is said to a message for what it is; whatever else is raised is our own fault.
REFUSALS = (Refused, BadMessage, BadAddress)


def answer_to(refused: Exception) -> Reply:
    """The reply that says one of REFUSALS."""
    match refused:
        case TooMany():
            return Reply(450, "4.7.1", refused.message)
        case Refused():
            return Reply(550, "5.7.1", refused.message)
        case _:
            return BAD_MESSAGE


async def answered(work: Awaitable[Reply]) -> Reply:
    """The reply that `work` comes to. Never raises: what breaks here is answered 451, so the sender tries again."""
    try:
        return await work
    except REFUSALS as refused:
        return answer_to(refused)
    except Exception:
        log.exception("mail_not_answered")
        return LATER
