"""A refused message stays with the server that brought it, which tells its sender; we send no mail of our own."""

from delivery.answers import UNCHECKED
from delivery.letter import TAKEN, Done, Letter, Next
from delivery.reasons import answer_to_author
from mail.status import Reply
from storage import audit
from storage.database import Reader, UnitOfWork


async def reject(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Write the refusal down, and answer."""
    decision = letter.decision
    if _is_unchecked(letter):
        return Done(UNCHECKED)
    await audit.record(
        uow,
        "rejected",
        actor=letter.author,
        via=letter.actor.via if letter.actor else "mail",
        robot_id=letter.mlist.robot_id,
        list_id=letter.mlist.id,
        detail={
            "message_id": letter.message_id,
            "reason": decision.reason if decision else None,
            "scenario": f"send.{decision.scenario}" if decision else None,
            "line": decision.line if decision else None,
            "decision": decision.id if decision else None,
        },
    )
    return await refusal(letter, uow)


async def refusal(letter: Letter, reader: Reader) -> Next | Done | None:
    """Refuse with the reason, so that no backscatter comes from here (pitfall 60); `quiet` says yes and drops it."""
    decision = letter.decision
    if _is_unchecked(letter):
        return Done(UNCHECKED)
    if letter.is_spam or (decision is not None and decision.quiet):
        return Done(TAKEN)
    return Done(Reply(550, "5.7.1", answer_to_author(letter, reader.site)))


def _is_unchecked(letter: Letter) -> bool:
    """Whether a key that the DNS did not tell in time might have made the difference: then nothing is final."""
    return not letter.is_spam and letter.evidence is not None and letter.evidence.is_unsure
