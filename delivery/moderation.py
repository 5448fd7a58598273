"""An editor's word on a waiting message: it goes on, it goes back with a reason, or it goes nowhere."""

from collections.abc import Mapping

import orjson

from delivery.letter import Letter
from delivery.notices import tell_rejected_author
from delivery.protection import still_known
from delivery.routes import ROUTES
from delivery.spindle import wind
from identity.actor import Actor
from identity.refusal import NotFound
from lists import decisions
from lists import moderation as queue
from mail.message import parse_message
from scenarios.decision import Decision
from storage import posts
from storage.database import Reader, UnitOfWork
from storage.tables.lists import MailingList
from storage.tables.mail import ModerationItem
from storage.tables.words import MessageState, ModerationState

_STATE_OF = {
    ModerationState.APPROVED: MessageState.DISTRIBUTED,
    ModerationState.REJECTED: MessageState.REJECTED,
    ModerationState.DISCARDED: MessageState.DISCARDED,
}


async def decide(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    item: ModerationItem,
    verdict: ModerationState,
    *,
    reason: str = "",
) -> ModerationItem:
    """Decide on a waiting message once; the caller has shown that the actor moderates the list.

    Raises lists.moderation.AlreadyDecided when another editor was faster, NotFound when the message is gone.
    """
    decided = await queue.take(uow, actor, item, verdict, reason=reason)
    stored = await posts.find(uow, decided.message_id) if decided.message_id is not None else None
    if stored is None:
        raise NotFound
    if verdict is ModerationState.APPROVED:
        proved_by = str(orjson.loads(decided.payload).get("proved_by") or "")
        results = still_known(await posts.mail_results(uow, stored.id), uow.now - stored.received_at)
        await _distribute(
            uow,
            actor,
            mlist,
            stored.id,
            stored.message_id,
            stored.archive_key,
            mail_results=results,
            proved_by=proved_by,
        )
    else:
        await posts.set_state(uow, stored.id, _STATE_OF[verdict])
    if verdict is ModerationState.REJECTED:
        held_by = await _held_by(uow, decided)
        await tell_rejected_author(
            uow, actor.robot, mlist, stored.author, stored.subject, reason, held_by=held_by
        )
    uow.announce("moderation")
    return decided


async def _held_by(reader: Reader, item: ModerationItem) -> Decision | None:
    """The decision that put a message before the editors, as long as it is kept."""
    found = await decisions.find(reader, str(orjson.loads(item.payload).get("decision") or ""))
    return None if found is None else decisions.as_decision(found)


async def _distribute(
    uow: UnitOfWork,
    actor: Actor,
    mlist: MailingList,
    message_key: int,
    message_id: str,
    archive_key: str,
    *,
    mail_results: Mapping[str, str],
    proved_by: str,
) -> None:
    raw = await posts.raw(uow, message_key)
    if raw is None:
        raise NotFound
    letter = Letter(
        actor.robot,
        mlist,
        parse_message(raw),
        reverse_path="",
        approved_by=actor.sender,
        proved_by=proved_by,
        message_id=message_id,
        message_key=message_key,
        archive_key=archive_key,
        mail_results=mail_results,
    )
    await wind(letter, ROUTES, "approved", uow)
