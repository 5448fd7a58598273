"""How many members of a list failed on one occasion, so that what is nobody's own fault is seen."""

from sqlalchemy import case, delete, func, select, update

from storage.database import UnitOfWork, one
from storage.query import Query, columns_for, param
from storage.tables.bounces import BounceWave, bounce_waves
from storage.tables.lists import lists, memberships

_at = (
    bounce_waves.c.list_id == param("list_id"),
    bounce_waves.c.occasion == param("occasion"),
    bounce_waves.c.domain == param("domain"),
)


def _count(insert: object) -> object:
    made = insert(bounce_waves).values(  # type: ignore[operator]
        list_id=param("list_id"),
        occasion=param("occasion"),
        domain=param("domain"),
        failures=1,
        started_at=param("now"),
    )
    return made.on_conflict_do_update(
        index_elements=["list_id", "occasion", "domain"], set_={"failures": bounce_waves.c.failures + 1}
    ).returning(*columns_for(BounceWave, bounce_waves))


_COUNT = Query(_count, BounceWave)
_MEMBERS = Query(
    select(func.count()).select_from(memberships).where(memberships.c.list_id == param("list_id")), int
)
_MEMBERS_AT = Query(
    select(func.count())
    .select_from(memberships)
    .where(memberships.c.list_id == param("list_id"), memberships.c.domain == param("domain")),
    int,
)
_SIZE = Query(update(bounce_waves).where(*_at).values(members=param("members")), int)
_RECOGNIZE = Query(
    update(bounce_waves)
    .where(*_at, bounce_waves.c.recognized_at.is_(None))
    .values(recognized_at=param("now")),
    int,
)
_LATELY: Query[tuple[int, int]] = Query(
    select(func.coalesce(func.sum(case((lists.c.id == param("list_id"), 1), else_=0)), 0), func.count())
    .select_from(bounce_waves.join(lists, lists.c.id == bounce_waves.c.list_id))
    .where(lists.c.robot_id == param("robot_id"), bounce_waves.c.recognized_at > param("since")),
    lambda in_list, in_robot: (in_list, in_robot),
)
_DROP_OLD = Query(delete(bounce_waves).where(bounce_waves.c.started_at < param("before")), int)


async def count(uow: UnitOfWork, list_id: int, occasion: str, domain: str) -> BounceWave:
    """One more failed; `domain` is "" for the count of all."""
    return await one(uow, _COUNT, list_id=list_id, occasion=occasion, domain=domain, now=uow.now)


async def measure(uow: UnitOfWork, wave: BounceWave) -> int:
    """Count, once, how many might have failed."""
    query = _MEMBERS_AT if wave.domain else _MEMBERS
    where = {"list_id": wave.list_id, "domain": wave.domain} if wave.domain else {"list_id": wave.list_id}
    members = await one(uow, query, **where)
    await uow.run(_SIZE, list_id=wave.list_id, occasion=wave.occasion, domain=wave.domain, members=members)
    return members


async def recognize(uow: UnitOfWork, wave: BounceWave) -> bool:
    """It is a wave; False where that was known."""
    found = await uow.run(
        _RECOGNIZE, list_id=wave.list_id, occasion=wave.occasion, domain=wave.domain, now=uow.now
    )
    return found == 1


async def lately(uow: UnitOfWork, robot_id: int, list_id: int, *, since: int) -> tuple[int, int]:
    """How many waves were recognized after an instant: on one list, and in its robot."""
    return await one(uow, _LATELY, robot_id=robot_id, list_id=list_id, since=since)


async def drop_old(uow: UnitOfWork, *, before: int) -> int:
    """Forget occasions from before an instant; how many."""
    return await uow.run(_DROP_OLD, before=before)
