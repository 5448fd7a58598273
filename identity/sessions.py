"""Sessions: an opaque token in the browser, its hash in SQL, an end that no use puts off (rows 32, 52, pitfall 48)."""

from typing import Any

from identity.actor import Actor
from identity.reach import reach_of
from identity.refusal import NotFound, SignInNeeded
from identity.secret import hashed, new_secret
from identity.standing import own_session, person_of
from mail.instant import HOUR
from storage import audit, removals, sessions
from storage.database import Reader, UnitOfWork
from storage.tables.access import Session
from storage.tables.lists import Robot
from storage.tables.people import Person
from storage.tables.words import SignInMethod, Strength

LONGEST_USER_AGENT = 200


async def open_session(
    uow: UnitOfWork,
    person: Person,
    robot: Robot,
    *,
    method: SignInMethod,
    strength: Strength,
    address: str,
    user_agent: str = "",
    needs_password_change: bool = False,
    previous: Session | None = None,
) -> tuple[Session, str]:
    """Open a session under `address`; the second value is the token, which is shown only here.

    The token is always a new one, and that of `previous`, the session that the request came with, opens nothing any
    more: the same person's session goes on (step-up, RFC 9470), anybody else's ends. It is good in this robot only,
    until the site's session lifetime is over.
    """
    token = new_secret()
    opening: dict[str, Any] = {
        "token_hash": hashed(token),
        "person_id": person.id,
        "method": method,
        "strength": strength,
        "address": address,
        "user_agent": "".join(each for each in user_agent[:LONGEST_USER_AGENT] if each.isprintable()),
        "needs_password_change": needs_password_change,
        "expires_at": uow.now + uow.site.session_lifetime,
    }
    session: Session | None = None
    if previous is not None and _is_of(previous, person, robot):
        session = await sessions.renew(uow, previous.id, **opening)
    elif previous is not None:
        await sessions.revoke(uow, previous.person_id, [previous.id])
    if session is None:
        session = await sessions.add(uow, robot_id=robot.id, **opening)
    # Whoever comes in still needs the account (row 129).
    await removals.cancel(uow, person.id)
    await audit.record(
        uow,
        "signed_in",
        actor=address,
        via="web",
        robot_id=robot.id,
        person_id=person.id,
        address=address,
        detail={"method": method.value},
    )
    return session, token


def _is_of(session: Session, person: Person, robot: Robot) -> bool:
    mine = (session.person_id, session.robot_id) == (person.id, robot.id)
    return mine and session.application_id is None


async def rotate(uow: UnitOfWork, session: Session) -> tuple[Session, str]:
    """Another token for the same session; the old one opens nothing from now on. Raises SignInNeeded when it ended."""
    token = new_secret()
    renewed = await sessions.rotate(
        uow, session.id, hashed(token), needs_password_change=session.needs_password_change
    )
    if renewed is None:
        raise SignInNeeded
    return renewed, token


async def find_session(reader: Reader, actor: Actor, session_id: int) -> Session:
    """One of the asker's own live sessions; raises NotFound."""
    found = [each for each in await list_sessions(reader, actor) if each.id == session_id]
    if not found:
        raise NotFound
    return found[0]


async def list_sessions(reader: Reader, actor: Actor) -> list[Session]:
    """The asker's live sessions, as far as they reach, newest first; raises SignInNeeded. An application knows its own only."""
    found = await sessions.of_person(reader, person_of(actor).id)
    if actor.session is None:
        return found
    return [actor.session] if actor.application else await _within(reader, actor.session, found)


async def revoke(uow: UnitOfWork, actor: Actor, session_id: int) -> None:
    """End one of the asker's sessions; raises NotFound for anything else."""
    person, _ = own_session(actor)
    await find_session(uow, actor, session_id)
    if not await sessions.revoke(uow, person.id, [session_id]):
        raise NotFound
    await _record(uow, actor, person, "signed_out")


async def sign_out(uow: UnitOfWork, actor: Actor) -> None:
    """End the session that the asker came with; raises SignInNeeded."""
    person, session = own_session(actor)
    await sessions.revoke(uow, person.id, [session.id])
    await _record(uow, actor, person, "signed_out")


async def sign_out_everywhere(uow: UnitOfWork, actor: Actor, *, keep_this: bool = False) -> int:
    """End all sessions of the asker, or all others, as far as they reach; how many. API tokens stay. Raises SignInNeeded."""
    person, session = own_session(actor)
    found = await _within(uow, session, await sessions.of_person(uow, person.id))
    ids = [each.id for each in found if not keep_this or each.id != session.id]
    ended = await sessions.revoke(uow, person.id, ids)
    await _record(uow, actor, person, "signed_out_everywhere")
    return ended


async def _within(reader: Reader, session: Session, found: list[Session]) -> list[Session]:
    """Those of the robot in which alone the session counts; all where it counts everywhere."""
    reach = await reach_of(reader, session)
    return [each for each in found if reach in (None, each.robot_id)]


async def touch(uow: UnitOfWork, session: Session) -> None:
    """Note that the session is in use; written once an hour at most (`is_stale` says whether to ask)."""
    await sessions.touch(uow, session.id, unless_after=uow.now - HOUR)


def is_stale(session: Session, now: int) -> bool:
    """Whether the last sign of life is an hour old."""
    return session.last_seen_at <= now - HOUR


async def _record(uow: UnitOfWork, actor: Actor, person: Person, event: str) -> None:
    await audit.record(
        uow, event, actor=actor.sender, via=actor.via, robot_id=actor.robot.id, person_id=person.id
    )
