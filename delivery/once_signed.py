"""What was signed by S/MIME counts as signed in one message only: Subject, To and Message-ID are outside of the signature (pitfall 57)."""

from delivery.evidence import Evidence
from mail.instant import DAY
from storage import seen
from storage.database import Reader, UnitOfWork

_NAMESPACE = "smime"
_REMEMBERED = 2 * 365 * DAY


async def is_sent_again(reader: Reader, evidence: Evidence | None, message_id: str) -> bool:
    """Whether what was signed came already, in a message with another Message-ID; one message to several lists is one."""
    if evidence is None or not evidence.signature:
        return False
    if await seen.is_there(reader, _NAMESPACE, f"{evidence.signature} {message_id}"):
        return False
    return await seen.is_there(reader, _NAMESPACE, evidence.signature)


async def remember(uow: UnitOfWork, evidence: Evidence | None, message_id: str) -> None:
    """Note that a list took what was signed, under this Message-ID; another message got here first where it is there already."""
    if evidence is None or not evidence.signature:
        return
    until = uow.now + _REMEMBERED
    if await seen.first_time(uow, _NAMESPACE, evidence.signature, until):
        await seen.first_time(uow, _NAMESPACE, f"{evidence.signature} {message_id}", until)
