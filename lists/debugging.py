"""A listmaster may have the answers of their own session say how they came about, for an hour at most (row 81)."""

from identity.actor import Actor
from identity.refusal import Invalid, SignInNeeded
from identity.standing import own_session
from lists import offices
from mail.instant import MINUTE
from storage import audit, sessions
from storage.database import Reader, UnitOfWork
from storage.tables.access import Session

LONGEST_MINUTES = 60


class TooLong(Invalid):
    """Debugging lasts for at most 60 minutes, and 0 ends it."""


async def switch(uow: UnitOfWork, actor: Actor, minutes: int) -> Session:
    """Let the actor's own session be debugged from now on for some minutes, 0 for no longer.

    There is no way to name another session. Raises SignInNeeded, ListmastersOnly, TooLong.
    """
    _, session = own_session(actor)
    await offices.require_listmaster(uow, actor, actor.robot.id)
    if not 0 <= minutes <= LONGEST_MINUTES:
        raise TooLong(path=("minutes",))
    until = uow.now + minutes * MINUTE if minutes else None
    changed = await sessions.debug(uow, session.id, until)
    if changed is None:
        raise SignInNeeded
    await audit.record(
        uow,
        "debug_switched",
        actor=actor.sender,
        via=actor.via,
        robot_id=actor.robot.id,
        person_id=session.person_id,
        detail={"minutes": minutes},
    )
    return changed


async def is_on(reader: Reader, actor: Actor) -> bool:
    """Whether the actor's answers say how they came about; asks nothing where it was never switched on.

    Whoever is no listmaster any more has nothing of it (invariant 5).
    """
    until = None if actor.session is None else actor.session.debug_until
    if until is None or until <= reader.now:
        return False
    return await offices.is_listmaster(reader, actor, actor.robot.id)
