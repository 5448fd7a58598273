"""The keys that sign what leaves, as rows; each belongs to one robot, and is asked for by it alone."""

from sqlalchemy import delete, insert, or_, select, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.signing import Algorithm, DkimKey, KeyState, dkim_keys

_ROW = columns_for(DkimKey, dkim_keys)
_MINE = dkim_keys.c.robot_id == param("robot_id")

_OF_ROBOT = query_for(DkimKey, dkim_keys, where=lambda s: s.where(_MINE).order_by(dkim_keys.c.id))
_OF_LIST = query_for(
    DkimKey,
    dkim_keys,
    where=lambda s: s.where(dkim_keys.c.list_id == param("list_id")).order_by(dkim_keys.c.id),
)
_BY_ID = query_for(DkimKey, dkim_keys, where=lambda s: s.where(dkim_keys.c.id == param("id")))
_BY_SELECTOR = query_for(
    DkimKey, dkim_keys, where=lambda s: s.where(_MINE, dkim_keys.c.selector == param("selector"))
)
_SIGNING = query_for(
    DkimKey,
    dkim_keys,
    where=lambda s: s.where(
        _MINE,
        dkim_keys.c.state == KeyState.ACTIVE.value,
        or_(dkim_keys.c.list_id.is_(None), dkim_keys.c.list_id == param("list_id")),
    ).order_by(dkim_keys.c.id),
)
_ROBOTS_THAT_SIGN = Query(
    select(dkim_keys.c.robot_id)
    .where(dkim_keys.c.state == KeyState.ACTIVE.value, dkim_keys.c.list_id.is_(None))
    .distinct(),
    int,
)
_ADD = Query(
    insert(dkim_keys)
    .values(
        robot_id=param("robot_id"),
        list_id=param("list_id"),
        selector=param("selector"),
        algorithm=param("algorithm"),
        private_key=param("private_key"),
        public_key=param("public_key"),
        state=KeyState.NEW.value,
        created_at=param("now"),
    )
    .returning(*_ROW),
    DkimKey,
)
_ACTIVATE = Query(
    update(dkim_keys)
    .where(dkim_keys.c.id == param("id"), dkim_keys.c.state == KeyState.NEW.value)
    .values(state=KeyState.ACTIVE.value, activated_at=param("now")),
    int,
)
_RETIRE = Query(
    update(dkim_keys)
    .where(any_of(dkim_keys.c.id, "ids"), dkim_keys.c.state != KeyState.RETIRED.value)
    .values(state=KeyState.RETIRED.value, retired_at=param("now"), published_until=param("published_until")),
    int,
)
_REMOVE = Query(delete(dkim_keys).where(dkim_keys.c.id == param("id")), int)


async def of_robot(reader: Reader, robot_id: int) -> list[DkimKey]:
    """All keys of a domain, those of its lists included, oldest first."""
    return await reader.all(_OF_ROBOT, robot_id=robot_id)


async def of_list(reader: Reader, list_id: int) -> list[DkimKey]:
    """The keys of a list's own, oldest first."""
    return await reader.all(_OF_LIST, list_id=list_id)


async def by_id(reader: Reader, key_id: int) -> DkimKey | None:
    """One key."""
    return await reader.first(_BY_ID, id=key_id)


async def by_selector(reader: Reader, robot_id: int, selector: str) -> DkimKey | None:
    """A domain's key by its selector."""
    return await reader.first(_BY_SELECTOR, robot_id=robot_id, selector=selector)


async def signing(reader: Reader, robot_id: int, list_id: int | None) -> list[DkimKey]:
    """The active keys of a domain, and of one of its lists where one is named."""
    return await reader.all(_SIGNING, robot_id=robot_id, list_id=list_id)


async def robots_that_sign(reader: Reader) -> set[int]:
    """The robots that have an active key for the whole domain."""
    return {*await reader.all(_ROBOTS_THAT_SIGN)}


async def add(
    uow: UnitOfWork,
    *,
    robot_id: int,
    list_id: int | None,
    selector: str,
    algorithm: Algorithm,
    private_key: str,
    public_key: str,
) -> DkimKey:
    """Keep a new key, `private_key` sealed; the caller has seen that the selector is free."""
    return await one(
        uow,
        _ADD,
        robot_id=robot_id,
        list_id=list_id,
        selector=selector,
        algorithm=algorithm.value,
        private_key=private_key,
        public_key=public_key,
        now=uow.now,
    )


async def activate(uow: UnitOfWork, key_id: int) -> bool:
    """Let a new key sign; whether it was new."""
    return await uow.run(_ACTIVATE, id=key_id, now=uow.now) == 1


async def retire(uow: UnitOfWork, ids: list[int], *, published_until: int) -> int:
    """Have keys sign no more; how many did. Their DNS records are needed until `published_until`."""
    return await uow.run(_RETIRE, ids=ids, now=uow.now, published_until=published_until)


async def remove(uow: UnitOfWork, key_id: int) -> None:
    """Delete a key for good."""
    await uow.run(_REMOVE, id=key_id)
