"""Two accounts made one, and two again: rows of one person become another's by their numbers."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Table, and_, delete, exists, select, update

from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.access import credentials, tickets, tokens
from storage.tables.account_life import Merge, alerts, merges
from storage.tables.applications import application_grants
from storage.tables.federation_consents import federation_choices, federation_tokens
from storage.tables.lists import memberships
from storage.tables.people import address_holders, addresses, external_identities, people
from storage.tables.providers import attributes
from storage.tables.second_factors import recovery_codes, second_factors

# What goes over, and what may be there only once for each person: where the keeper has it, the other's stays behind.
MOVED: Mapping[str, tuple[Table, tuple[str, ...]]] = {
    "addresses": (addresses, ("address_key", "source", "source_ref")),
    "external_identities": (external_identities, ()),
    "credentials": (credentials, ("kind",)),
    "tokens": (tokens, ()),
    "tickets": (tickets, ()),
    "attributes": (attributes, ("name", "source", "source_ref")),
    "application_grants": (application_grants, ("application_id",)),
    "alerts": (alerts, ("kind", "address_key", "moment")),
    "memberships": (memberships, ()),
    "second_factors": (second_factors, ()),
    "recovery_codes": (recovery_codes, ("number",)),
    "federation_choices": (federation_choices, ("peer_id", "direction")),
    "federation_tokens": (federation_tokens, ("peer_id", "address_key")),
}
# What stays with the account that it was of: sessions end, history is not rewritten.
LEFT = frozenset(
    {
        "sessions",
        "audit",
        "decisions",
        "document_contents",
        "address_claims",
        "merges",
        "removals",
        "address_holders",
        # What the keeper decided holds; where they never did, nothing is told or asked.
        "federation_policies",
    }
)


def _movable(table: Table, once: tuple[str, ...]) -> Query[int]:
    statement = select(table.c.id).where(table.c.person_id == param("gone_id"))
    if once:
        theirs = table.alias("theirs")
        same = and_(*(theirs.c[name] == table.c[name] for name in once))
        statement = statement.where(
            ~exists(select(theirs.c.id).where(theirs.c.person_id == param("keeper_id"), same))
        )
    return Query(statement.order_by(table.c.id), int)


_MOVABLE = {name: _movable(table, once) for name, (table, once) in MOVED.items()}
_GIVE = {
    name: Query(
        update(table)
        .where(any_of(table.c.id, "ids"), table.c.person_id == param("giver_id"))
        .values(person_id=param("taker_id")),
        int,
    )
    for name, (table, _) in MOVED.items()
}
_HELD = Query(
    select(address_holders.c.address_key)
    .where(address_holders.c.person_id == param("person_id"))
    .order_by(address_holders.c.address_key),
    str,
)
_GIVE_HELD = Query(
    update(address_holders)
    .where(any_of(address_holders.c.address_key, "keys"), address_holders.c.person_id == param("giver_id"))
    .values(person_id=param("taker_id")),
    int,
)
# What became known of these addresses after the accounts were joined; a row that the taker kept goes before it.
_theirs = addresses.alias("theirs")
_GIVE_ADDRESSES = Query(
    update(addresses)
    .where(
        any_of(addresses.c.address_key, "keys"),
        addresses.c.person_id == param("giver_id"),
        ~exists(
            select(_theirs.c.id).where(
                _theirs.c.person_id == param("taker_id"),
                _theirs.c.address_key == addresses.c.address_key,
                _theirs.c.source == addresses.c.source,
                _theirs.c.source_ref == addresses.c.source_ref,
            )
        ),
    )
    .values(person_id=param("taker_id")),
    int,
)
_DROP_ADDRESSES = Query(
    delete(addresses).where(
        any_of(addresses.c.address_key, "keys"), addresses.c.person_id == param("giver_id")
    ),
    int,
)
_DROP_CLAIMS = Query(
    delete(addresses).where(
        any_of(addresses.c.address_key, "keys"),
        addresses.c.person_id == param("person_id"),
        addresses.c.proved_at.is_(None),
    ),
    int,
)
_ADD = Query(
    lambda insert: (
        insert(merges)
        .values(
            keeper_id=param("keeper_id"),
            gone_id=param("gone_id"),
            robot_id=param("robot_id"),
            snapshot=param("snapshot"),
            gone_address=param("gone_address"),
            merged_at=param("now"),
            undoable_until=param("until"),
        )
        .returning(*columns_for(Merge, merges))
    ),
    Merge,
)
_OF_PERSON = query_for(
    Merge,
    merges,
    where=lambda s: s.where(merges.c.keeper_id == param("person_id")).order_by(merges.c.id.desc()),
)
_UNDONE = Query(
    update(merges)
    .where(
        merges.c.id == param("id"),
        merges.c.undone_at.is_(None),
        merges.c.gone_id.is_not(None),
        merges.c.undoable_until > param("now"),
    )
    .values(undone_at=param("now")),
    int,
)
# A further account that was joined to one that was joined itself goes along.
_RECHAIN = Query(
    update(merges).where(any_of(merges.c.id, "ids")).values(keeper_id=param("keeper_id")),
    int,
)
_OVER = Query(
    select(merges.c.gone_id).where(
        merges.c.undoable_until <= param("now"), merges.c.undone_at.is_(None), merges.c.gone_id.is_not(None)
    ),
    int,
)
_DROP_PEOPLE = Query(delete(people).where(any_of(people.c.id, "ids")), int)


async def movable(reader: Reader, keeper_id: int, gone_id: int) -> dict[str, list[int]]:
    """The numbers of the rows that would go over, by table."""
    return {
        name: await reader.all(
            query, **({"gone_id": gone_id} | ({"keeper_id": keeper_id} if MOVED[name][1] else {}))
        )
        for name, query in _MOVABLE.items()
    }


async def give(uow: UnitOfWork, rows: Mapping[str, Sequence[int]], *, giver_id: int, taker_id: int) -> int:
    """Let rows that are one person's be another's; how many there were."""
    return sum(
        [
            await uow.run(_GIVE[name], ids=[*ids], giver_id=giver_id, taker_id=taker_id)
            for name, ids in rows.items()
            if ids
        ]
    )


async def held(reader: Reader, person_id: int) -> list[str]:
    """The keys of the addresses that the person was last shown to have."""
    return await reader.all(_HELD, person_id=person_id)


async def give_held(uow: UnitOfWork, keys: Sequence[str], *, giver_id: int, taker_id: int) -> None:
    """Let another person hold these addresses."""
    await uow.run(_GIVE_HELD, keys=[*keys], giver_id=giver_id, taker_id=taker_id)


async def give_addresses(uow: UnitOfWork, keys: Sequence[str], *, giver_id: int, taker_id: int) -> None:
    """Let all that is known of these addresses be another person's, the giver keeping nothing of them."""
    await uow.run(_GIVE_ADDRESSES, keys=[*keys], giver_id=giver_id, taker_id=taker_id)
    await uow.run(_DROP_ADDRESSES, keys=[*keys], giver_id=giver_id)


async def drop_claims(uow: UnitOfWork, person_id: int, keys: Sequence[str]) -> None:
    """Forget a person's unproved claims to these addresses."""
    await uow.run(_DROP_CLAIMS, person_id=person_id, keys=[*keys])


async def add(
    uow: UnitOfWork,
    *,
    keeper_id: int,
    gone_id: int,
    robot_id: int | None,
    snapshot: str,
    gone_address: str,
    until: int,
) -> Merge:
    """Write down that two accounts were joined."""
    return await one(
        uow,
        _ADD,
        keeper_id=keeper_id,
        gone_id=gone_id,
        robot_id=robot_id,
        snapshot=snapshot,
        gone_address=gone_address,
        until=until,
        now=uow.now,
    )


async def of_person(reader: Reader, person_id: int) -> list[Merge]:
    """The accounts that were joined to this person's, undone ones too, newest first."""
    return await reader.all(_OF_PERSON, person_id=person_id)


async def undone(uow: UnitOfWork, merge_id: int) -> bool:
    """Write down that the accounts are two again; False where that was done before, or it is too late."""
    return await uow.run(_UNDONE, id=merge_id, now=uow.now) > 0


async def rechain(uow: UnitOfWork, merge_ids: Sequence[int], keeper_id: int) -> None:
    """Let these merges be of another keeper."""
    await uow.run(_RECHAIN, ids=[*merge_ids], keeper_id=keeper_id)


async def drop_over(uow: UnitOfWork) -> int:
    """Remove for good the accounts whose joining can be undone no more; how many."""
    return await uow.run(_DROP_PEOPLE, ids=await uow.all(_OVER, now=uow.now))
