"""A message waits for an editor, and the editors are told, each with a link of their own."""

from delivery.letter import TAKEN, Done, Letter, Next
from delivery.notices import tell_held_author
from delivery.reasons import link_to, rule_of
from identity import attempts
from identity.attempts import Limit
from identity.refusal import TooMany
from lists import waiting
from mail.address import address_key
from mail.instant import HOUR
from mail.mime import text_part
from storage.database import UnitOfWork
from storage.tables.words import ModerationKind

_PREVIEW = 1_500
_STORMS = Limit("notice of a storm", 1, HOUR)
_NOTICES = Limit("notice to a held author", 5, HOUR)


async def moderate(letter: Letter, uow: UnitOfWork) -> Next | Done | None:
    """Put it into the queue (row 16); who wrote it is told only when we know the person, so nobody else's mail is."""
    mlist, decision = letter.mlist, letter.decision
    item = await waiting.hold(
        uow,
        letter.robot,
        mlist,
        ModerationKind.MESSAGE,
        author=letter.author,
        subject=letter.message.first("Subject") or "",
        message_id=letter.message_key,
        payload={
            "scenario": f"send.{decision.scenario}" if decision else "",
            "spam": letter.spam,
            "line": decision.line if decision else None,
            "condition": decision.condition if decision else None,
            "method": decision.method if decision else None,
            "decision": decision.id if decision else None,
            "held_for": letter.held_for,
            "proved_by": letter.actor.strength.method if letter.actor else "",
        },
        details=_why(uow, letter),
        is_told=await _is_worth_telling(uow, letter),
        shown=text_part(letter.message)[:_PREVIEW],
    )
    letter.moderation_id = item.id
    is_welcome = not (letter.is_spam or letter.held_for)
    if decision and not decision.quiet and is_welcome and letter.actor and letter.actor.person:
        await _tell_author(uow, letter)
    uow.announce("moderation")
    return Done(TAKEN)


def _why(uow: UnitOfWork, letter: Letter) -> list[str]:
    decision = letter.decision
    if decision is None:
        return []
    link = link_to(uow.site, letter.robot, decision)
    if letter.held_for:
        storm = f"Held because {letter.held_for}. Of what waits for the same reason within an hour you are not told."
        return [storm, *([f"Why: {link}"] if link else [])]
    spam = [f"Spam filter: {letter.spam}"] if letter.spam not in ("", "ham") else []
    return [f"Held by: {rule_of(decision)}", *spam, *([f"Why: {link}"] if link else [])]


async def _is_worth_telling(uow: UnitOfWork, letter: Letter) -> bool:
    """Whether the editors get a mail: of a storm they are told once, else they would have it too."""
    if not letter.held_for:
        return True
    try:
        await attempts.take(uow, [(_STORMS, str(letter.mlist.id))])
    except TooMany:
        return False
    return True


async def _tell_author(uow: UnitOfWork, letter: Letter) -> None:
    # Their name may stand on somebody else's mails: they are told of the first few.
    try:
        await attempts.take(uow, [(_NOTICES, f"{letter.mlist.id} {address_key(letter.author)}")])
    except TooMany:
        return
    await tell_held_author(uow, letter)
