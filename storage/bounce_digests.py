"""Which lists have something to tell their owners about what comes back, and what it is."""

from sqlalchemy import BigInteger, and_, case, cast, exists, func, literal, or_, select, update

from storage.bounce_scores import COLUMNS, OF_MEMBERSHIP
from storage.database import Reader, UnitOfWork
from storage.query import Query, param
from storage.tables.bounces import BounceScore, membership_bounces
from storage.tables.lists import lists, memberships
from storage.tables.mail import bounces
from storage.tables.words import BounceDigest, BounceKind, ListStatus

_DAY = 86_400_000_000
_since = func.coalesce(lists.c.bounce_digest_at, 0)
_every = case(
    (lists.c.bounce_digest == BounceDigest.WEEKLY.value, literal(7 * _DAY, BigInteger)),
    else_=literal(_DAY, BigInteger),
)
_news = or_(
    memberships.c.bounce_suspended_at > _since,
    and_(
        membership_bounces.c.score >= lists.c.bounce_warn_score,
        membership_bounces.c.last_at > _since,
    ),
)
_DUE: Query[tuple[int, int]] = Query(
    select(lists.c.id, _since)
    .where(
        lists.c.status == ListStatus.OPEN.value,
        lists.c.bounce_digest != BounceDigest.NEVER.value,
        _since <= cast(param("now"), BigInteger) - _every,
        or_(
            lists.c.id.in_(
                select(membership_bounces.c.list_id)
                .join(memberships, OF_MEMBERSHIP)
                .where(membership_bounces.c.list_id == lists.c.id, _news)
            ),
            exists().where(
                bounces.c.list_id == lists.c.id,
                bounces.c.kind == BounceKind.COMPLAINT.value,
                bounces.c.received_at > _since,
            ),
        ),
    )
    .order_by(lists.c.id)
    .limit(param("limit")),
    lambda list_id, since: (list_id, since),
)
_CLAIM = Query(
    update(lists)
    .where(lists.c.id == param("list_id"), func.coalesce(lists.c.bounce_digest_at, 0) == param("since"))
    .values(bounce_digest_at=param("now")),
    int,
)
_rows = select(*COLUMNS).select_from(membership_bounces.join(memberships, OF_MEMBERSHIP))
_STOPPED = Query(
    _rows.where(
        membership_bounces.c.list_id == param("list_id"), memberships.c.bounce_suspended_at > param("since")
    )
    .order_by(memberships.c.bounce_suspended_at)
    .limit(param("limit")),
    BounceScore,
)
_WORST = Query(
    _rows.where(
        membership_bounces.c.list_id == param("list_id"),
        membership_bounces.c.score >= param("least"),
        memberships.c.bounce_suspended_at.is_(None),
    )
    .order_by(membership_bounces.c.score.desc(), membership_bounces.c.membership_id)
    .limit(param("limit")),
    BounceScore,
)


async def due(reader: Reader, *, limit: int) -> list[tuple[int, int]]:
    """(list, instant of the last digest) of lists that have news for their owners and told them none of late."""
    return await reader.all(_DUE, now=reader.now, limit=limit)


async def claim(uow: UnitOfWork, list_id: int, since: int) -> bool:
    """This transaction sends the digest; False where another one has."""
    return await uow.run(_CLAIM, list_id=list_id, since=since, now=uow.now) == 1


async def stopped(reader: Reader, list_id: int, *, since: int, limit: int) -> list[BounceScore]:
    """Members whose mail has stopped after an instant."""
    return await reader.all(_STOPPED, list_id=list_id, since=since, limit=limit)


async def worst(reader: Reader, list_id: int, *, least: int, limit: int) -> list[BounceScore]:
    """Members with at least this score (thousandths) who still get mail, the worst first."""
    return await reader.all(_WORST, list_id=list_id, least=least, limit=limit)
