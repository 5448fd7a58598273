"""Begun sign-ins as rows: found by the hash of their handle, used up by one UPDATE."""

from sqlalchemy import and_, delete, insert, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, columns_for, param, query_for
from storage.tables.providers import SignIn, sign_ins

_SIGN_IN = columns_for(SignIn, sign_ins)
_LIVE = and_(sign_ins.c.used_at.is_(None), sign_ins.c.expires_at > param("now"))
_MINE = and_(sign_ins.c.handle_hash == param("handle_hash"), sign_ins.c.robot_id == param("robot_id"), _LIVE)

_ADD = Query(
    insert(sign_ins)
    .values(
        handle_hash=param("handle_hash"),
        browser_hash=param("browser_hash"),
        robot_id=param("robot_id"),
        provider=param("provider"),
        session_id=param("session_id"),
        stage=param("stage"),
        kept=param("kept"),
        return_to=param("return_to"),
        created_at=param("now"),
        expires_at=param("expires_at"),
    )
    .returning(*_SIGN_IN),
    SignIn,
)
_FIND = query_for(SignIn, sign_ins, where=lambda s: s.where(_MINE))
_USE = Query(update(sign_ins).where(_MINE).values(used_at=param("now")).returning(*_SIGN_IN), SignIn)
_TRY = Query(
    update(sign_ins)
    .where(_MINE, sign_ins.c.tries < param("at_most"))
    .values(tries=sign_ins.c.tries + 1)
    .returning(*_SIGN_IN),
    SignIn,
)
_DROP_OLD = Query(delete(sign_ins).where(sign_ins.c.expires_at < param("before")), int)


async def add(
    uow: UnitOfWork,
    *,
    handle_hash: bytes,
    browser_hash: bytes,
    robot_id: int,
    provider: str,
    session_id: int | None,
    stage: str,
    kept: str,
    return_to: str,
    expires_at: int,
) -> SignIn:
    """A sign-in that begins now, or goes on under another handle."""
    return await one(
        uow,
        _ADD,
        handle_hash=handle_hash,
        browser_hash=browser_hash,
        robot_id=robot_id,
        provider=provider,
        session_id=session_id,
        stage=stage,
        kept=kept,
        return_to=return_to,
        expires_at=expires_at,
        now=uow.now,
    )


async def find(reader: Reader, handle_hash: bytes, robot_id: int) -> SignIn | None:
    """The sign-in of this robot that the handle names, unless it is over."""
    return await reader.first(_FIND, handle_hash=handle_hash, robot_id=robot_id, now=reader.now)


async def use(uow: UnitOfWork, handle_hash: bytes, robot_id: int) -> SignIn | None:
    """The same, and nobody finds it again."""
    return await uow.first(_USE, handle_hash=handle_hash, robot_id=robot_id, now=uow.now)


async def count_try(uow: UnitOfWork, handle_hash: bytes, robot_id: int, *, at_most: int) -> SignIn | None:
    """The same, with one try counted; None when none is left."""
    return await uow.first(_TRY, handle_hash=handle_hash, robot_id=robot_id, at_most=at_most, now=uow.now)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Remove sign-ins that lapsed before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)
