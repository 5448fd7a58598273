"""Sessions as rows, found by the hash of their token."""

from collections.abc import Sequence

from sqlalchemy import and_, delete, func, insert, or_, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.access import Session, sessions
from storage.tables.words import SignInMethod, Strength

_SESSION = columns_for(Session, sessions)
_LIVE = and_(sessions.c.revoked_at.is_(None), sessions.c.expires_at > param("now"))
_MINE = sessions.c.person_id == param("person_id")

_ADD = Query(
    insert(sessions)
    .values(
        token_hash=param("token_hash"),
        person_id=param("person_id"),
        robot_id=param("robot_id"),
        method=param("method"),
        strength=param("strength"),
        address=param("address"),
        user_agent=param("user_agent"),
        needs_password_change=param("needs_password_change"),
        created_at=param("now"),
        authenticated_at=param("now"),
        last_seen_at=param("now"),
        expires_at=param("expires_at"),
        application_id=param("application_id"),
        scopes=param("scopes"),
        assertions=param("assertions"),
    )
    .returning(*_SESSION),
    Session,
)


_OF_APPLICATION_BY_TOKEN = query_for(
    Session,
    sessions,
    where=lambda s: s.where(
        sessions.c.token_hash == param("token_hash"),
        sessions.c.robot_id == param("robot_id"),
        sessions.c.application_id.is_not(None),
        _LIVE,
    ),
)
_OF_PERSON = query_for(
    Session, sessions, where=lambda s: s.where(_MINE, _LIVE).order_by(sessions.c.id.desc())
)
_ROTATE = Query(
    update(sessions)
    .where(sessions.c.id == param("id"), _LIVE)
    .values(token_hash=param("token_hash"), needs_password_change=param("needs_password_change"))
    .returning(*_SESSION),
    Session,
)
_REVOKE = Query(
    update(sessions)
    .where(_MINE, any_of(sessions.c.id, "ids"), sessions.c.revoked_at.is_(None))
    .values(revoked_at=param("now")),
    int,
)
_REVOKE_ALL = Query(
    update(sessions)
    .where(_MINE, sessions.c.id != param("but"), sessions.c.revoked_at.is_(None))
    .values(revoked_at=param("now")),
    int,
)
_CAME_FROM = Query(
    update(sessions)
    .where(sessions.c.id == param("id"))
    .values(
        provider=param("provider"),
        provider_subject=param("provider_subject"),
        provider_session=param("provider_session"),
        provider_kept=param("provider_kept"),
        acr=param("acr"),
        authenticated_at=param("authenticated_at"),
    )
    .returning(*_SESSION),
    Session,
)
_REVOKE_OF_PROVIDER = Query(
    update(sessions)
    .where(
        sessions.c.provider == param("provider"),
        or_(param("subject") == "", sessions.c.provider_subject == param("subject")),
        or_(param("session") == "", sessions.c.provider_session == param("session")),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > param("now"),
    )
    .values(revoked_at=param("now"))
    .returning(*_SESSION),
    Session,
)
_REVOKE_NAMED = Query(
    update(sessions)
    .where(
        func.substr(sessions.c.provider, 1, func.length(param("scope"))) == param("scope"),
        sessions.c.provider_session == param("session"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > param("now"),
    )
    .values(revoked_at=param("now"))
    .returning(*_SESSION),
    Session,
)
_RENEW = Query(
    update(sessions)
    .where(sessions.c.id == param("id"), _MINE, _LIVE)
    .values(
        token_hash=param("token_hash"),
        method=param("method"),
        strength=param("strength"),
        address=param("address"),
        user_agent=param("user_agent"),
        needs_password_change=param("needs_password_change"),
        authenticated_at=param("now"),
        last_seen_at=param("now"),
        expires_at=param("expires_at"),
        acr="",
    )
    .returning(*_SESSION),
    Session,
)
_SECOND_FACTOR = Query(
    update(sessions)
    .where(sessions.c.id == param("id"))
    .values(second_factor_at=param("second_factor_at"), needs_second_factor=param("needs"))
    .returning(*_SESSION),
    Session,
)
_DEBUG = Query(
    update(sessions)
    .where(sessions.c.id == param("id"), _LIVE)
    .values(debug_until=param("debug_until"))
    .returning(*_SESSION),
    Session,
)
_ELEVATE = Query(
    update(sessions)
    .where(sessions.c.id == param("id"), _LIVE)
    .values(elevated_list_id=param("list_id"), elevated_until=param("elevated_until"))
    .returning(*_SESSION),
    Session,
)
_PASSWORD_CHOSEN = Query(
    update(sessions).where(sessions.c.id == param("id")).values(needs_password_change=False), int
)
_TOUCH = Query(
    update(sessions)
    .where(sessions.c.id == param("id"), sessions.c.last_seen_at <= param("before"))
    .values(last_seen_at=param("now")),
    int,
)
_DROP_OLD = Query(delete(sessions).where(sessions.c.expires_at < param("before")), int)


async def add(
    uow: UnitOfWork,
    *,
    token_hash: bytes,
    person_id: int,
    robot_id: int,
    method: SignInMethod,
    strength: Strength,
    address: str,
    user_agent: str,
    needs_password_change: bool,
    expires_at: int,
    application_id: int | None = None,
    scopes: str = "",
    assertions: str = "{}",
) -> Session:
    """A new session that begins now; `application_id`, what for and what it says, where an application opens it."""
    return await one(
        uow,
        _ADD,
        token_hash=token_hash,
        person_id=person_id,
        robot_id=robot_id,
        method=method.value,
        strength=strength.value,
        address=address,
        user_agent=user_agent,
        needs_password_change=needs_password_change,
        expires_at=expires_at,
        application_id=application_id,
        scopes=scopes,
        assertions=assertions,
        now=uow.now,
    )


async def renew(
    uow: UnitOfWork,
    session_id: int,
    *,
    token_hash: bytes,
    person_id: int,
    method: SignInMethod,
    strength: Strength,
    address: str,
    user_agent: str,
    needs_password_change: bool,
    expires_at: int,
) -> Session | None:
    """The same session after its person has signed in once more, under another token; None when it has ended."""
    return await uow.first(
        _RENEW,
        id=session_id,
        token_hash=token_hash,
        person_id=person_id,
        method=method.value,
        strength=strength.value,
        address=address,
        user_agent=user_agent,
        needs_password_change=needs_password_change,
        expires_at=expires_at,
        now=uow.now,
    )


async def second_factor(uow: UnitOfWork, session_id: int, at: int | None, *, needs: bool) -> Session:
    """Note when a second factor was shown in the session, and whether it waits for one to be set up."""
    return await one(uow, _SECOND_FACTOR, id=session_id, second_factor_at=at, needs=needs)


async def of_application_by_token(reader: Reader, token_hash: bytes, robot_id: int) -> Session | None:
    """The live session of this robot that the token opens, where an application speaks for the person in it."""
    return await reader.first(
        _OF_APPLICATION_BY_TOKEN, token_hash=token_hash, robot_id=robot_id, now=reader.now
    )


async def of_person(reader: Reader, person_id: int) -> list[Session]:
    """The person's live sessions in all robots, newest first."""
    return await reader.all(_OF_PERSON, person_id=person_id, now=reader.now)


async def rotate(
    uow: UnitOfWork, session_id: int, token_hash: bytes, *, needs_password_change: bool
) -> Session | None:
    """Another token for the session: the old one opens nothing from now on. None when the session has ended."""
    return await uow.first(
        _ROTATE,
        id=session_id,
        token_hash=token_hash,
        needs_password_change=needs_password_change,
        now=uow.now,
    )


async def revoke(uow: UnitOfWork, person_id: int, session_ids: Sequence[int]) -> int:
    """End these sessions of the person; how many were open."""
    uow.site.let_go(person_id)
    return await uow.run(_REVOKE, person_id=person_id, ids=[*session_ids], now=uow.now)


async def revoke_all(uow: UnitOfWork, person_id: int, *, but: int = 0) -> int:
    """End all sessions of the person but one; how many were open."""
    uow.site.let_go(person_id)
    return await uow.run(_REVOKE_ALL, person_id=person_id, but=but, now=uow.now)


async def came_from(
    uow: UnitOfWork,
    session_id: int,
    *,
    provider: str,
    provider_subject: str,
    provider_session: str,
    provider_kept: str,
    acr: str,
    authenticated_at: int,
) -> Session:
    """Note which account at which provider opened the session, what that one calls it, and when the person proved themselves."""
    return await one(
        uow,
        _CAME_FROM,
        id=session_id,
        provider=provider,
        provider_subject=provider_subject,
        provider_session=provider_session,
        provider_kept=provider_kept,
        acr=acr,
        authenticated_at=authenticated_at,
    )


async def revoke_of_provider(uow: UnitOfWork, provider: str, *, subject: str, session: str) -> list[Session]:
    """End the sessions that an account at a provider opened: those of `subject`, or the one called `session`.

    At least one of the two has to be there; those that ended.
    """
    if not subject and not session:
        return []
    return await uow.all(
        _REVOKE_OF_PROVIDER, provider=provider, subject=subject, session=session, now=uow.now
    )


async def revoke_named(uow: UnitOfWork, scope: str, session: str) -> list[Session]:
    """End the sessions that a provider calls by this name, whichever of its issuers they came from; those that ended."""
    return await uow.all(_REVOKE_NAMED, scope=f"{scope} ", session=session, now=uow.now) if session else []


async def debug(uow: UnitOfWork, session_id: int, until: int | None) -> Session | None:
    """Let the session's answers say how they came about until an instant, or no more; None when it has ended."""
    return await uow.first(_DEBUG, id=session_id, debug_until=until, now=uow.now)


async def elevate(uow: UnitOfWork, session_id: int, list_id: int | None, until: int | None) -> Session | None:
    """Let the session's listmaster count as an owner of one list until an instant, or of none; None when it has ended."""
    return await uow.first(_ELEVATE, id=session_id, list_id=list_id, elevated_until=until, now=uow.now)


async def password_chosen(uow: UnitOfWork, session_id: int) -> None:
    """The session no longer waits for a new password."""
    await uow.run(_PASSWORD_CHOSEN, id=session_id)


async def touch(uow: UnitOfWork, session_id: int, *, unless_after: int) -> None:
    """Note that the session is in use, unless that was noted after the instant `unless_after`."""
    await uow.run(_TOUCH, id=session_id, before=unless_after, now=uow.now)


async def drop_expired(uow: UnitOfWork, *, before: int) -> int:
    """Remove sessions that expired before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)
