"""The names of our addresses between us and peers, as rows: filled chunk by chunk, found all at once."""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, exists, select

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, param
from storage.tables.federation_consents import federation_handle_marks as marks
from storage.tables.federation_consents import federation_handles as handles
from storage.tables.lists import memberships

_FIND: Query[tuple[str, str, str]] = Query(
    select(handles.c.pair, handles.c.handle, handles.c.address_key).where(
        handles.c.peer_id == param("peer_id"),
        # In the order of the index, which has the pair before the name.
        any_of(handles.c.pair, "pairs"),
        any_of(handles.c.handle, "handles"),
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
_EDGE_OF_MEMBERSHIPS = Query(
    select(memberships.c.id)
    .where(memberships.c.id > param("after"))
    .order_by(memberships.c.id)
    .limit(1)
    .offset(param("number")),
    int,
)
_EDGE_OF_NAMES = Query(
    select(handles.c.id)
    .where(handles.c.id > param("after"))
    .order_by(handles.c.id)
    .limit(1)
    .offset(param("number")),
    int,
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
    select(memberships.c.address_key)
    .where(memberships.c.id > param("after"), memberships.c.id <= param("until"), ~_THERE)
    .distinct(),
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
_PAIRS = Query(select(marks.c.pair).where(marks.c.peer_id == param("peer_id")).order_by(marks.c.id), str)
_OF_PAIR = Query(
    select(handles.c.id)
    .where(handles.c.peer_id == param("peer_id"), handles.c.pair == param("pair"))
    .limit(param("limit")),
    int,
)
_DROP_MARK = Query(
    delete(marks).where(marks.c.peer_id == param("peer_id"), marks.c.pair == param("pair")), int
)
_LEFT = Query(
    select(handles.c.id).where(
        handles.c.id > param("after"),
        handles.c.id <= param("until"),
        ~exists(select(memberships.c.id).where(memberships.c.address_key == handles.c.address_key)),
    ),
    int,
)
_DROP = Query(delete(handles).where(any_of(handles.c.id, "ids")), int)


async def find(
    reader: Reader, peer_id: int, pairs: Collection[str], wanted: Collection[str]
) -> list[tuple[str, str, str]]:
    """Those that are somebody's, with their pair of keys and the address: one statement, whatever is found."""
    return await reader.all(_FIND, peer_id=peer_id, pairs=[*pairs], handles=[*wanted])


async def mark(reader: Reader, peer_id: int, pair: str) -> int:
    """The last membership whose address has its name under this pair; 0 before the first."""
    return await reader.first(_MARK, peer_id=peer_id, pair=pair) or 0


async def set_mark(uow: UnitOfWork, peer_id: int, pair: str, membership_id: int) -> None:
    """Go on after this membership the next time."""
    await uow.run(_SET_MARK, peer_id=peer_id, pair=pair, membership_id=membership_id)


async def after(reader: Reader, membership_id: int, limit: int) -> list[tuple[int, str]]:
    """The memberships after one, with their addresses' keys."""
    return await reader.all(_AFTER, after=membership_id, limit=limit)


async def edge_of_memberships(reader: Reader, after: int, number: int) -> int | None:
    """The membership that so many others lie before, behind one; None where there are fewer."""
    return await reader.first(_EDGE_OF_MEMBERSHIPS, after=after, number=number)


async def edge_of_names(reader: Reader, after: int, number: int) -> int | None:
    """The name, of whichever peer, that so many others lie before, behind one; None where there are fewer."""
    return await reader.first(_EDGE_OF_NAMES, after=after, number=number)


async def missed(reader: Reader, peer_id: int, pair: str, after: int, until: int) -> list[str]:
    """Addresses of the memberships behind one up to another that have no name under this pair, wherever the mark is."""
    return await reader.all(_MISSED, peer_id=peer_id, pair=pair, after=after, until=until)


async def add(uow: UnitOfWork, peer_id: int, pair: str, named: Iterable[tuple[str, str]]) -> None:
    """Names with the addresses that they stand for; those that are there stay."""
    rows = [{"peer_id": peer_id, "pair": pair, "handle": handle, "address_key": key} for handle, key in named]
    if rows:
        await uow.run_many(_ADD, rows)


async def pairs_of(reader: Reader, peer_id: int) -> list[str]:
    """The pairs of keys under which names are kept for a peer."""
    return await reader.all(_PAIRS, peer_id=peer_id)


async def of_pair(reader: Reader, peer_id: int, pair: str, limit: int) -> list[int]:
    """Some of the names under a pair of keys."""
    return await reader.all(_OF_PAIR, peer_id=peer_id, pair=pair, limit=limit)


async def drop_mark(uow: UnitOfWork, peer_id: int, pair: str) -> None:
    """Forget how far a pair of keys came, once it has no names any more."""
    await uow.run(_DROP_MARK, peer_id=peer_id, pair=pair)


async def left(reader: Reader, after: int, until: int) -> list[int]:
    """The names behind one up to another, of whichever peer, whose addresses are on no list any more."""
    return await reader.all(_LEFT, after=after, until=until)


async def drop(uow: UnitOfWork, ids: Collection[int]) -> int:
    """Forget these names; how many."""
    return await uow.run(_DROP, ids=[*ids])
