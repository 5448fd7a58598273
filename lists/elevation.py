"""A listmaster who owns no list may count as an owner of one for a while, in their own session, for a reason (row 85)."""

from identity.actor import Actor
from identity.refusal import Conflict, Invalid, SignInNeeded
from identity.standing import fresh_session
from lists import mails, offices
from lists.mailing_lists import NoSuchList
from lists.relations import OWNING
from lists.rights import list_here
from lists.standing import is_elevated
from mail.instant import MINUTE, to_date_field, to_rfc3339
from storage import audit, lists, roles, sessions
from storage.database import UnitOfWork
from storage.tables.access import Session
from storage.tables.lists import MailingList

USUAL_MINUTES = 15
LONGEST_MINUTES = 60
SHORTEST_REASON, LONGEST_REASON = 10, 500


class ElevationTooLong(Invalid):
    """An elevation lasts for at most 60 minutes, and 0 ends it."""


class ReasonNeeded(Invalid):
    """Say why, in 10 to 500 characters: the list's owners will read it."""


class NoElevationNeeded(Conflict):
    """Listmasters count as owners of every list of this domain, so there is nothing to elevate."""


async def elevate(
    uow: UnitOfWork, actor: Actor, list_id: int, reason: str = "", minutes: int = USUAL_MINUTES
) -> Session:
    """Let the actor, a listmaster, count as an owner of one list in their own session for some minutes, 0 for no longer.

    There is no way to name another session, and another elevation of this one ends. The owners are told at once.
    Raises SignInNeeded, TokenNotEnough, PasswordFirst, NoSuchList, ListmastersOnly, ElevationTooLong, ReasonNeeded,
    NoElevationNeeded.
    """
    _, session = fresh_session(actor, uow.now)
    mlist = await _list_of_listmaster(uow, actor, list_id)
    if not 0 <= minutes <= LONGEST_MINUTES:
        raise ElevationTooLong(path=("minutes",))
    if minutes == 0:
        return await _end(uow, actor, session, mlist)
    why = _words(reason)
    if actor.robot.listmasters_are_owners:
        raise NoElevationNeeded
    before = session.elevated_list_id
    if before is not None and before != mlist.id:
        await _note_end(uow, actor, session, before)
    until = uow.now + minutes * MINUTE
    changed = await _set(uow, session, mlist.id, until)
    detail = {"reason": why, "minutes": minutes, "until": to_rfc3339(until)}
    await _record(uow, actor, session, mlist.id, "elevation_began", detail)
    for owner in await roles.of_list(uow, mlist.id, *OWNING):
        await mails.elevated(
            uow, mlist, owner.address, who=actor.sender, reason=why, until=to_date_field(until)
        )
    return changed


async def _list_of_listmaster(uow: UnitOfWork, actor: Actor, list_id: int) -> MailingList:
    """The list, also one that is hidden even from listmasters, which to everybody else is as absent."""
    if not await offices.is_listmaster(uow, actor, actor.robot.id):
        await list_here(uow, actor, list_id)
        raise offices.ListmastersOnly
    mlist = await lists.by_id(uow, list_id)
    if mlist is None or mlist.robot_id != actor.robot.id:
        raise NoSuchList
    return mlist


async def _end(uow: UnitOfWork, actor: Actor, session: Session, mlist: MailingList) -> Session:
    if session.elevated_list_id != mlist.id:
        return session
    await _note_end(uow, actor, session, mlist.id)
    return await _set(uow, session, None, None)


async def _note_end(uow: UnitOfWork, actor: Actor, session: Session, list_id: int) -> None:
    if is_elevated(actor, list_id, uow.now):
        await _record(uow, actor, session, list_id, "elevation_ended", {})


async def _set(uow: UnitOfWork, session: Session, list_id: int | None, until: int | None) -> Session:
    changed = await sessions.elevate(uow, session.id, list_id, until)
    if changed is None:
        raise SignInNeeded
    return changed


def _words(reason: str) -> str:
    """The reason on one line; raises ReasonNeeded."""
    words = " ".join(reason.split())
    if not SHORTEST_REASON <= len(words) <= LONGEST_REASON or not words.isprintable():
        raise ReasonNeeded(path=("reason",))
    return words


async def _record(
    uow: UnitOfWork, actor: Actor, session: Session, list_id: int, event: str, detail: dict[str, object]
) -> None:
    await audit.record(
        uow,
        event,
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        list_id=list_id,
        person_id=session.person_id,
        detail=detail,
    )
