"""Our own key pairs for other servers, as rows; their private halves are sealed by whoever gives them."""

from sqlalchemy import delete, or_, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, param, query_for
from storage.tables.federation import FederationKey, federation_keys

_PUBLISHED = query_for(
    FederationKey,
    federation_keys,
    where=lambda s: s.where(
        or_(federation_keys.c.not_after.is_(None), federation_keys.c.not_after > param("now"))
    ).order_by(federation_keys.c.not_before, federation_keys.c.id),
)
_ADD = Query(
    lambda insert: (
        insert(federation_keys)
        .values(
            kid=param("kid"),
            curve=param("curve"),
            secret=param("secret"),
            created_at=param("now"),
            not_before=param("not_before"),
        )
        .on_conflict_do_nothing()
    ),
    int,
)
_END = Query(
    update(federation_keys)
    .where(federation_keys.c.not_after.is_(None), federation_keys.c.not_before < param("before"))
    .values(not_after=param("not_after")),
    int,
)
_DROP = Query(delete(federation_keys).where(federation_keys.c.not_after < param("before")), int)


async def published(reader: Reader) -> list[FederationKey]:
    """Those that are announced, used or still good for what was signed lately; in the order of their terms."""
    return await reader.all(_PUBLISHED, now=reader.now)


async def add(uow: UnitOfWork, *, kid: str, curve: str, secret: str, not_before: int) -> None:
    """Announce another one, to be used from an instant on."""
    await uow.run(_ADD, kid=kid, curve=curve, secret=secret, not_before=not_before, now=uow.now)


async def end_before(uow: UnitOfWork, *, before: int, not_after: int) -> int:
    """Let every one whose term began before an instant be published until another one only."""
    return await uow.run(_END, before=before, not_after=not_after)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Forget those that were published until before an instant."""
    return await uow.run(_DROP, before=before)
