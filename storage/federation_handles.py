"""The names of our addresses between us and peers, as rows: filled chunk by chunk, found all at once."""

from collections.abc import Collection, Iterable

from sqlalchemy import and_, delete, exists, func, select

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, param
from storage.tables.federation_consents import federation_handle_marks as marks
from storage.tables.federation_consents import federation_handles as handles
from storage.tables.lists import memberships

_FIND: Query[tuple[str, str, str]] = Query(
    select(handles.c.pair, handles.c.handle, handles.c.address_key).where(
        handles.c.peer_id == param("peer_id"), any_of(handles.c.handle, "handles")
    ),
    lambda *row: row,
)
_MARK = Query(
    select(marks.c.membership_id).where(marks.c.peer_id == param("peer_id"), marks.c.pair == param("pair")),
    int,
)
_SET_MARK = Query(
    lambda insert: (
        insert(marks)
        .values(peer_id=param("peer_id"), pair=param("pair"), membership_id=param("membership_id"))
        .on_conflict_do_update(
            index_elements=["peer_id", "pair"],
            set_={"membership_id": param("membership_id")},
            where=marks.c.membership_id < param("membership_id"),
        )
    ),
    int,
)
_AFTER: Query[tuple[int, str]] = Query(
    select(memberships.c.id, memberships.c.address_key)
    .where(memberships.c.id > param("after"))
    .order_by(memberships.c.id)
    .limit(param("limit")),
    lambda *row: row,
)
_THERE = exists(
    select(handles.c.id).where(
        handles.c.peer_id == param("peer_id"),
        handles.c.pair == param("pair"),
        handles.c.address_key == memberships.c.address_key,
    )
)
# What came by another way than a new row: addresses that moved, and rows that were committed out of their order.
_MISSED = Query(
    select(memberships.c.address_key).where(~_THERE).distinct().limit(param("limit")),
    str,
)
_ADD = Query(
    lambda insert: (
        insert(handles)
        .values(
            peer_id=param("peer_id"),
            pair=param("pair"),
            handle=param("handle"),
            address_key=param("address_key"),
        )
        .on_conflict_do_nothing()
    ),
    int,
)
_OVER = (
    handles.c.peer_id == param("peer_id"),
    ~any_of(handles.c.pair, "pairs"),
)
_DROP_PAIRS = Query(delete(handles).where(*_OVER), int)
_DROP_MARKS = Query(
    delete(marks).where(and_(marks.c.peer_id == param("peer_id"), ~any_of(marks.c.pair, "pairs"))), int
)
_LEFT = Query(
    select(handles.c.id)
    .where(
        handles.c.peer_id == param("peer_id"),
        ~exists(select(memberships.c.id).where(memberships.c.address_key == handles.c.address_key)),
    )
    .limit(param("limit")),
    int,
)
_DROP = Query(delete(handles).where(any_of(handles.c.id, "ids")), int)
_COUNT = Query(select(func.count()).select_from(handles).where(handles.c.peer_id == param("peer_id")), int)


async def find(reader: Reader, peer_id: int, wanted: Collection[str]) -> list[tuple[str, str, str]]:
    """Those that are somebody's, with their pair of keys and the address: one statement, whatever is found."""
    return await reader.all(_FIND, peer_id=peer_id, handles=[*wanted])


async def mark(reader: Reader, peer_id: int, pair: str) -> int:
    """The last membership whose address has its name under this pair; 0 before the first."""
    return await reader.first(_MARK, peer_id=peer_id, pair=pair) or 0


async def set_mark(uow: UnitOfWork, peer_id: int, pair: str, membership_id: int) -> None:
    """Go on after this membership the next time."""
    await uow.run(_SET_MARK, peer_id=peer_id, pair=pair, membership_id=membership_id)


async def after(reader: Reader, membership_id: int, limit: int) -> list[tuple[int, str]]:
    """The memberships after one, with their addresses' keys."""
    return await reader.all(_AFTER, after=membership_id, limit=limit)


async def missed(reader: Reader, peer_id: int, pair: str, limit: int) -> list[str]:
    """Addresses on lists that have no name under this pair, wherever the mark is."""
    return await reader.all(_MISSED, peer_id=peer_id, pair=pair, limit=limit)


async def add(uow: UnitOfWork, peer_id: int, pair: str, named: Iterable[tuple[str, str]]) -> None:
    """Names with the addresses that they stand for; those that are there stay."""
    rows = [{"peer_id": peer_id, "pair": pair, "handle": handle, "address_key": key} for handle, key in named]
    if rows:
        await uow.run_many(_ADD, rows)


async def drop_others(uow: UnitOfWork, peer_id: int, pairs: Collection[str]) -> int:
    """Forget the names under all other pairs of keys; how many."""
    await uow.run(_DROP_MARKS, peer_id=peer_id, pairs=[*pairs])
    return await uow.run(_DROP_PAIRS, peer_id=peer_id, pairs=[*pairs])


async def left(reader: Reader, peer_id: int, limit: int) -> list[int]:
    """Names of addresses that are on no list any more."""
    return await reader.all(_LEFT, peer_id=peer_id, limit=limit)


async def drop(uow: UnitOfWork, ids: Collection[int]) -> int:
    """Forget these names; how many."""
    return await uow.run(_DROP, ids=[*ids])


async def count(reader: Reader, peer_id: int) -> int:
    """How many names are kept for a peer."""
    return await reader.first(_COUNT, peer_id=peer_id) or 0
