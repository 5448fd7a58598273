"""What posting would answer, found by the same stages and without any effect (row 102)."""

from dataclasses import dataclass

from delivery.addresses import resolve
from delivery.answers import REFUSALS, answer_to
from delivery.evidence import Evidence
from delivery.letter import Letter
from delivery.listmasters import would_pass_on
from delivery.nowhere import nobodys, told
from delivery.routes import ANSWERS, START
from delivery.spindle import wind
from mail.address import parse_address
from mail.message import Message
from mail.status import Reply
from scenarios.decision import Decision
from storage.database import Reader


@dataclass(frozen=True, slots=True)
class Preview:
    """What the sender would be told, and the list's decision where it came to one."""

    reply: Reply
    decision: Decision | None


async def preview_at(
    reader: Reader,
    recipient: str,
    message: Message,
    reverse_path: str,
    evidence: Evidence | None = None,
    *,
    is_final: bool = False,
) -> Preview:
    """What this message would be answered at any address of ours: a list's, one of its service addresses, listmaster.

    For a list that is not there yet the answer is exact only in a transaction, which the caller has to undo; see
    `storage.trials.tried`. With `is_final` the sender is told so, and a refusal is kept for those who ask why. Raises BadAddress for a
    recipient that is no address.
    """
    destination = await resolve(reader, parse_address(recipient))
    if destination is None:
        return Preview(await nobodys(reader, recipient, evidence), None)
    if destination.mlist is None:
        return Preview(await would_pass_on(reader, destination.robot, message), None)
    letter = Letter(
        destination.robot,
        destination.mlist,
        message,
        reverse_path,
        evidence=evidence,
        token=destination.token,
        is_prospect=not is_final,
    )
    return await would_answer(reader, letter, START[destination.kind])


async def would_answer(reader: Reader, letter: Letter, route: str) -> Preview:
    """What a letter would be answered on a route, which is walked as far as somebody may be refused on it."""
    try:
        reply = told(letter, (await wind(letter, ANSWERS, route, reader)).reply)
    except REFUSALS as refused:
        reply = answer_to(refused)
    return Preview(reply, letter.decision)
