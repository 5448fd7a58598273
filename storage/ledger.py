"""The ledger of addresses as rows: one for each address, source and person, and the lock that keeps a proved one with one person."""

from collections.abc import Sequence

from sqlalchemy import and_, case, delete, func, or_, select, update

from storage import held_memberships
from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.people import LedgerRow, address_holders, addresses, people
from storage.tables.words import AddressSource, Strength

_ROW = columns_for(LedgerRow, addresses)
_UNEXPIRED = or_(addresses.c.expires_at.is_(None), addresses.c.expires_at > param("now"))
_LIVE = and_(addresses.c.proved_at.is_not(None), _UNEXPIRED)
_HERE = or_(addresses.c.robot_id.is_(None), addresses.c.robot_id == param("robot_id"))
_MINE = and_(addresses.c.person_id == param("person_id"), addresses.c.address_key == param("address_key"))
_IS_MAIN = case((addresses.c.address_key == people.c.main_key, 0), else_=1)

_OF_PEOPLE = query_for(
    LedgerRow,
    addresses,
    where=lambda s: (
        s.join(people, people.c.id == addresses.c.person_id)
        .where(any_of(addresses.c.person_id, "person_ids"))
        .order_by(addresses.c.person_id, _IS_MAIN, addresses.c.id)
    ),
)
_LIVE_OF_PERSON = query_for(
    LedgerRow,
    addresses,
    where=lambda s: (
        s.join(people, people.c.id == addresses.c.person_id)
        .where(addresses.c.person_id == param("person_id"), _LIVE, _HERE)
        .order_by(_IS_MAIN, addresses.c.id)
    ),
)
_BY_ID = query_for(LedgerRow, addresses, where=lambda s: s.where(addresses.c.id == param("id")))
_OF_ADDRESS = query_for(LedgerRow, addresses, where=lambda s: s.where(_MINE).order_by(addresses.c.id))
_IN_FORCE_OF_OTHERS = query_for(
    LedgerRow,
    addresses,
    where=lambda s: s.where(
        addresses.c.address_key == param("address_key"), addresses.c.person_id != param("person_id"), _LIVE
    ),
)
_COUNT = Query(
    select(func.count(addresses.c.address_key.distinct())).where(addresses.c.person_id == param("person_id")),
    int,
)
_ADD_CANDIDATE = Query(
    lambda insert: (
        insert(addresses)
        .values(
            person_id=param("person_id"),
            address=param("address"),
            address_key=param("address_key"),
            source=param("source"),
            source_ref=param("source_ref"),
            strength=param("strength"),
            created_at=param("now"),
        )
        .on_conflict_do_nothing()
    ),
    int,
)


def _put_proved(insert: object) -> object:
    made = insert(addresses).values(  # type: ignore[operator]
        person_id=param("person_id"),
        robot_id=param("robot_id"),
        address=param("address"),
        address_key=param("address_key"),
        source=param("source"),
        source_ref=param("source_ref"),
        strength=param("strength"),
        proved_at=param("now"),
        confirmed_at=param("now"),
        expires_at=param("expires_at"),
        created_at=param("now"),
    )
    return made.on_conflict_do_update(
        index_elements=["person_id", "address_key", "source", "source_ref"],
        set_={
            "address": made.excluded.address,
            "robot_id": made.excluded.robot_id,
            "strength": made.excluded.strength,
            "proved_at": func.coalesce(addresses.c.proved_at, made.excluded.proved_at),
            "confirmed_at": made.excluded.confirmed_at,
            "expires_at": made.excluded.expires_at,
        },
    ).returning(*_ROW)


_PUT_PROVED = Query(_put_proved, LedgerRow)
_CLAIM_HOLDER = Query(
    lambda insert: (
        insert(address_holders)
        .values(address_key=param("address_key"), person_id=param("person_id"))
        .on_conflict_do_nothing()
    ),
    int,
)
# The row stays locked until the transaction ends, so that two cannot prove the same address at once.
_HOLDER = Query(
    select(address_holders.c.person_id)
    .where(address_holders.c.address_key == param("address_key"))
    .with_for_update(),
    int,
)
_MOVE_HOLDER = Query(
    update(address_holders)
    .where(address_holders.c.address_key == param("address_key"))
    .values(person_id=param("person_id")),
    int,
)
_RELEASE_HOLDER = Query(
    delete(address_holders).where(
        address_holders.c.address_key == param("address_key"),
        address_holders.c.person_id == param("person_id"),
    ),
    int,
)
_DROP_OF_OTHERS = Query(
    delete(addresses).where(
        addresses.c.address_key == param("address_key"),
        addresses.c.person_id != param("person_id"),
        # An open request grants nothing and ends by itself: if it vanished, who asked would learn of the new account.
        addresses.c.proved_at.is_not(None) | (addresses.c.source != AddressSource.CHALLENGE.value),
    ),
    int,
)
_DROP_ROW = Query(
    delete(addresses).where(addresses.c.id == param("id"), addresses.c.person_id == param("person_id")), int
)
_DROP_OWN = Query(delete(addresses).where(_MINE), int)
_DROP_OWN_CANDIDATES = Query(delete(addresses).where(_MINE, addresses.c.proved_at.is_(None)), int)
_CONFIRM = Query(
    update(addresses)
    .where(_MINE, _LIVE, addresses.c.source == param("source"))
    .values(confirmed_at=param("now"), expires_at=param("until")),
    int,
)
_OF_SOURCE = and_(
    addresses.c.person_id == param("person_id"),
    addresses.c.source == param("source"),
    addresses.c.source_ref == param("source_ref"),
)
_EXPIRE_OTHERS = Query(
    update(addresses)
    .where(_OF_SOURCE, _LIVE, ~any_of(addresses.c.address_key, "keys"))
    .values(expires_at=param("now")),
    int,
)
_DROP_OTHER_CANDIDATES = Query(
    delete(addresses).where(
        _OF_SOURCE, addresses.c.proved_at.is_(None), ~any_of(addresses.c.address_key, "keys")
    ),
    int,
)
_DROP_STALE_CANDIDATES = Query(
    delete(addresses).where(
        addresses.c.proved_at.is_(None),
        addresses.c.source == AddressSource.CHALLENGE.value,
        addresses.c.created_at < param("before"),
    ),
    int,
)


async def of_people(reader: Reader, person_ids: Sequence[int]) -> list[LedgerRow]:
    """Every row of these people, candidates and expired ones too; each person's main address first."""
    return await reader.all(_OF_PEOPLE, person_ids=[*person_ids])


async def live(reader: Reader, person_id: int, robot_id: int | None) -> list[LedgerRow]:
    """The proved and unexpired rows that count in this robot, main address first."""
    return await reader.all(_LIVE_OF_PERSON, person_id=person_id, robot_id=robot_id, now=reader.now)


async def find(reader: Reader, row_id: int) -> LedgerRow | None:
    """The row with this number."""
    return await reader.first(_BY_ID, id=row_id)


async def of_address(reader: Reader, person_id: int, address_key: str) -> list[LedgerRow]:
    """What each source says about this address of this person."""
    return await reader.all(_OF_ADDRESS, person_id=person_id, address_key=address_key)


async def in_force_of_others(reader: Reader, address_key: str, person_id: int) -> list[LedgerRow]:
    """The rows by which anybody but this person has the address now, in whichever robots."""
    return await reader.all(_IN_FORCE_OF_OTHERS, address_key=address_key, person_id=person_id, now=reader.now)


async def count(reader: Reader, person_id: int) -> int:
    """How many different addresses the person has, candidates included."""
    return await reader.first(_COUNT, person_id=person_id) or 0


async def add_candidate(
    uow: UnitOfWork,
    *,
    person_id: int,
    address: str,
    address_key: str,
    source: AddressSource,
    source_ref: str,
    strength: Strength,
) -> None:
    """A claim that grants nothing; a row that is there already stays as it is."""
    await uow.run(
        _ADD_CANDIDATE,
        person_id=person_id,
        address=address,
        address_key=address_key,
        source=source.value,
        source_ref=source_ref,
        strength=strength.value,
        now=uow.now,
    )


async def put_proved(
    uow: UnitOfWork,
    *,
    person_id: int,
    robot_id: int | None,
    address: str,
    address_key: str,
    source: AddressSource,
    source_ref: str,
    strength: Strength,
    expires_at: int | None,
) -> LedgerRow:
    """This source's row, proved now; the person must hold the address (`holder`)."""
    found = await uow.first(
        _PUT_PROVED,
        person_id=person_id,
        robot_id=robot_id,
        address=address,
        address_key=address_key,
        source=source.value,
        source_ref=source_ref,
        strength=strength.value,
        expires_at=expires_at,
        now=uow.now,
    )
    assert found is not None
    return found


async def hold(uow: UnitOfWork, address_key: str, person_id: int) -> int:
    """Take the address for this person if nobody holds it; who holds it then. It stays locked until the commit."""
    await uow.run(_CLAIM_HOLDER, address_key=address_key, person_id=person_id)
    holder = await uow.first(_HOLDER, address_key=address_key)
    return person_id if holder is None else holder


async def holder(uow: UnitOfWork, address_key: str) -> int | None:
    """Who was last shown to have the address, whether or not that still holds; it stays locked until the commit."""
    return await uow.first(_HOLDER, address_key=address_key)


async def move_hold(uow: UnitOfWork, address_key: str, person_id: int) -> None:
    """Let this person hold the address from now on."""
    await uow.run(_MOVE_HOLDER, address_key=address_key, person_id=person_id)


async def release(uow: UnitOfWork, person_id: int, address_key: str) -> None:
    """Forget that the address is this person's: all rows of all sources, and the lock."""
    uow.site.let_go(person_id)
    await uow.run(_DROP_OWN, person_id=person_id, address_key=address_key)
    await uow.run(_RELEASE_HOLDER, person_id=person_id, address_key=address_key)


async def drop_row(uow: UnitOfWork, person_id: int, row_id: int) -> int:
    """Forget what one source says of one address of this person; how many rows that were."""
    return await uow.run(_DROP_ROW, id=row_id, person_id=person_id)


async def let_go(uow: UnitOfWork, person_id: int, address_key: str) -> None:
    """Give up the lock of an address that nothing proves to be this person's any more."""
    await uow.run(_RELEASE_HOLDER, person_id=person_id, address_key=address_key)


async def drop_of_others(uow: UnitOfWork, address_key: str, *, keeper: int) -> int:
    """Remove what anybody but `keeper` ever claimed about this address, open requests excepted; how many rows."""
    dropped = await uow.run(_DROP_OF_OTHERS, address_key=address_key, person_id=keeper)
    await held_memberships.leave(uow, address_key, keeper=keeper)
    return dropped


async def drop_candidates(uow: UnitOfWork, person_id: int, address_key: str) -> int:
    """Remove the person's own unproved claims to this address; how many."""
    return await uow.run(_DROP_OWN_CANDIDATES, person_id=person_id, address_key=address_key)


async def confirm(
    uow: UnitOfWork, person_id: int, address_key: str, source: AddressSource, *, until: int
) -> int:
    """Extend this source's live rows; how many (an expired row stays expired)."""
    return await uow.run(
        _CONFIRM,
        person_id=person_id,
        address_key=address_key,
        source=source.value,
        until=until,
        now=uow.now,
    )


async def expire_others(
    uow: UnitOfWork,
    person_id: int,
    source: AddressSource,
    source_ref: str,
    *,
    proved: Sequence[str],
    claimed: Sequence[str],
) -> int:
    """End now what this source proved and no longer does, and forget what it no longer even claims; how many ended."""
    named = {"person_id": person_id, "source": source.value, "source_ref": source_ref}
    await uow.run(_DROP_OTHER_CANDIDATES, **named, keys=[*claimed])
    return await uow.run(_EXPIRE_OTHERS, **named, keys=[*proved], now=uow.now)


async def drop_stale_candidates(uow: UnitOfWork, *, before: int) -> int:
    """Remove challenges that nobody answered; how many."""
    return await uow.run(_DROP_STALE_CANDIDATES, before=before)
