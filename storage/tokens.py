"""API tokens as rows, found by the hash of their secret."""

from sqlalchemy import and_, insert, or_, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, columns_for, param, query_for
from storage.tables.access import Token, tokens

_TOKEN = columns_for(Token, tokens)
_LIVE = and_(
    tokens.c.revoked_at.is_(None), or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > param("now"))
)

_ADD = Query(
    insert(tokens)
    .values(
        secret_hash=param("secret_hash"),
        person_id=param("person_id"),
        label=param("label"),
        prefix=param("prefix"),
        scopes=param("scopes"),
        created_at=param("now"),
        expires_at=param("expires_at"),
    )
    .returning(*_TOKEN),
    Token,
)
_BY_SECRET = query_for(
    Token, tokens, where=lambda s: s.where(tokens.c.secret_hash == param("secret_hash"), _LIVE)
)
_OF_PERSON = query_for(
    Token,
    tokens,
    where=lambda s: s.where(tokens.c.person_id == param("person_id"), _LIVE).order_by(tokens.c.id.desc()),
)
_REVOKE = Query(
    update(tokens)
    .where(
        tokens.c.id == param("id"),
        tokens.c.person_id == param("person_id"),
        tokens.c.revoked_at.is_(None),
    )
    .values(revoked_at=param("now")),
    int,
)
_TOUCH = Query(
    update(tokens)
    .where(
        tokens.c.id == param("id"),
        or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at <= param("before")),
    )
    .values(last_used_at=param("now")),
    int,
)


async def add(
    uow: UnitOfWork,
    *,
    secret_hash: bytes,
    person_id: int,
    label: str,
    prefix: str,
    scopes: str,
    expires_at: int,
) -> Token:
    """A new token."""
    return await one(
        uow,
        _ADD,
        secret_hash=secret_hash,
        person_id=person_id,
        label=label,
        prefix=prefix,
        scopes=scopes,
        expires_at=expires_at,
        now=uow.now,
    )


async def by_secret(reader: Reader, secret_hash: bytes) -> Token | None:
    """The live token with this secret."""
    return await reader.first(_BY_SECRET, secret_hash=secret_hash, now=reader.now)


async def of_person(reader: Reader, person_id: int) -> list[Token]:
    """The person's live tokens, newest first."""
    return await reader.all(_OF_PERSON, person_id=person_id, now=reader.now)


async def revoke(uow: UnitOfWork, person_id: int, token_id: int) -> bool:
    """End this token of the person; False when there was none to end."""
    return await uow.run(_REVOKE, id=token_id, person_id=person_id, now=uow.now) > 0


async def touch(uow: UnitOfWork, token_id: int, *, unless_after: int) -> None:
    """Note that the token is in use, unless that was noted after the instant `unless_after`."""
    await uow.run(_TOUCH, id=token_id, before=unless_after, now=uow.now)
