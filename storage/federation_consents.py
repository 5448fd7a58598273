"""What people let other list servers ask and be told, as rows."""

from collections.abc import Collection, Iterable

from sqlalchemy import delete, select, update

from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, param, query_for
from storage.tables.federation_consents import (
    AddressConsent,
    FederationChoice,
    FederationPolicy,
    Proof,
    federation_address_consents,
    federation_choices,
    federation_policies,
)
from storage.tables.lists import Membership, lists, memberships
from storage.tables.people import addresses
from storage.tables.words import AddressVerdict, ConsentDirection, ConsentMode

_asked = federation_address_consents
_POLICIES = query_for(
    FederationPolicy,
    federation_policies,
    where=lambda s: s.where(any_of(federation_policies.c.person_id, "people")),
)
_CHOICES = query_for(
    FederationChoice,
    federation_choices,
    where=lambda s: s.where(any_of(federation_choices.c.person_id, "people")).order_by(
        federation_choices.c.id
    ),
)
_PUT_POLICY = Query(
    lambda insert: (
        insert(federation_policies)
        .values(
            person_id=param("person_id"),
            outgoing=param("outgoing"),
            incoming=param("incoming"),
            updated_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["person_id"],
            set_={"outgoing": param("outgoing"), "incoming": param("incoming"), "updated_at": param("now")},
        )
    ),
    int,
)
_PUT_CHOICE = Query(
    lambda insert: (
        insert(federation_choices)
        .values(
            person_id=param("person_id"),
            peer_id=param("peer_id"),
            direction=param("direction"),
            is_allowed=param("is_allowed"),
            decided_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["person_id", "peer_id", "direction"],
            set_={"is_allowed": param("is_allowed"), "decided_at": param("now")},
        )
    ),
    int,
)
_DROP_ALLOWED = Query(
    delete(federation_choices).where(
        federation_choices.c.person_id == param("person_id"), federation_choices.c.is_allowed
    ),
    int,
)
_OF_ADDRESSES = query_for(
    AddressConsent,
    _asked,
    where=lambda s: s.where(_asked.c.peer_id == param("peer_id"), any_of(_asked.c.address_key, "keys")),
)
_ASK = Query(
    lambda insert: (
        insert(_asked)
        .values(
            peer_id=param("peer_id"),
            address_key=param("address_key"),
            verdict=AddressVerdict.ASKED.value,
            asked_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["peer_id", "address_key"],
            set_={"verdict": AddressVerdict.ASKED.value, "asked_at": param("now")},
            where=(_asked.c.verdict != AddressVerdict.NEVER.value) & (_asked.c.asked_at <= param("before")),
        )
    ),
    int,
)
_DECIDE = Query(
    lambda insert: (
        insert(_asked)
        .values(
            peer_id=param("peer_id"),
            address_key=param("address_key"),
            verdict=param("verdict"),
            asked_at=param("now"),
            decided_at=param("now"),
        )
        .on_conflict_do_update(
            index_elements=["peer_id", "address_key"],
            set_={"verdict": param("verdict"), "decided_at": param("now")},
        )
    ),
    int,
)
_FORGET_ADDRESSES = Query(
    update(_asked)
    .where(
        any_of(_asked.c.address_key, "keys"),
        ~any_of(_asked.c.peer_id, "but"),
        _asked.c.verdict.in_([AddressVerdict.ALLOWED.value, AddressVerdict.ACCOUNT.value]),
    )
    .values(verdict=AddressVerdict.NEVER.value, decided_at=param("now")),
    int,
)
_PROOFS = query_for(
    Proof,
    addresses,
    where=lambda s: s.where(
        any_of(addresses.c.address_key, "keys"), addresses.c.proved_at.is_not(None)
    ).order_by(addresses.c.id),
)
_MEMBERSHIPS = query_for(
    Membership,
    memberships,
    where=lambda s: (
        s.where(any_of(memberships.c.address_key, "keys")).order_by(memberships.c.id).limit(param("limit"))
    ),
)
_HOMES: Query[tuple[int, int]] = Query(
    select(lists.c.id, lists.c.robot_id).where(any_of(lists.c.id, "list_ids")), lambda *row: row
)
_MOST_MEMBERSHIPS = 20_000


async def policies(reader: Reader, people: Collection[int]) -> dict[int, FederationPolicy]:
    """What these people decided about all peers; whoever never did is left out."""
    return {each.person_id: each for each in await reader.all(_POLICIES, people=[*people])}


async def choices(reader: Reader, people: Collection[int]) -> list[FederationChoice]:
    """What these people decided about single peers."""
    return await reader.all(_CHOICES, people=[*people])


async def put_policy(uow: UnitOfWork, person_id: int, outgoing: ConsentMode, incoming: ConsentMode) -> None:
    """What somebody decides about all peers from now on."""
    await uow.run(
        _PUT_POLICY, person_id=person_id, outgoing=outgoing.value, incoming=incoming.value, now=uow.now
    )


async def choose(
    uow: UnitOfWork,
    person_id: int,
    peer_ids: Iterable[int],
    directions: Iterable[ConsentDirection],
    *,
    is_allowed: bool,
) -> None:
    """What somebody decides about these peers from now on."""
    words = [each.value for each in directions]
    rows = [
        {
            "person_id": person_id,
            "peer_id": peer_id,
            "direction": word,
            "is_allowed": is_allowed,
            "now": uow.now,
        }
        for peer_id in peer_ids
        for word in words
    ]
    if rows:
        await uow.run_each(_PUT_CHOICE, rows)


async def drop_allowed(uow: UnitOfWork, person_id: int) -> None:
    """Let no peer be chosen; those that were stopped stay so."""
    await uow.run(_DROP_ALLOWED, person_id=person_id)


async def of_addresses(reader: Reader, peer_id: int, keys: Collection[str]) -> dict[str, AddressConsent]:
    """What these addresses said about a peer."""
    found = await reader.all(_OF_ADDRESSES, peer_id=peer_id, keys=[*keys])
    return {each.address_key: each for each in found}


async def ask(uow: UnitOfWork, peer_id: int, key: str, *, before: int) -> bool:
    """Note that an address is asked now, instead of what it agreed to before; False where it refused, or was asked since an instant."""
    return await uow.run(_ASK, peer_id=peer_id, address_key=key, before=before, now=uow.now) > 0


async def decide(uow: UnitOfWork, peer_id: int, key: str, verdict: AddressVerdict) -> None:
    """What an address says about a peer from now on."""
    await uow.run(_DECIDE, peer_id=peer_id, address_key=key, verdict=verdict.value, now=uow.now)


async def withdraw_addresses(uow: UnitOfWork, keys: Collection[str], *, but: Collection[int]) -> None:
    """Let none of these addresses have allowed anything to any peer but those with these numbers."""
    await uow.run(_FORGET_ADDRESSES, keys=[*keys], but=[*but], now=uow.now)


async def proofs(reader: Reader, keys: Collection[str]) -> list[Proof]:
    """Whom these addresses were proved to be of, expired proofs too, the first one first."""
    return await reader.all(_PROOFS, keys=[*keys])


async def memberships_of(reader: Reader, keys: Collection[str]) -> list[Membership]:
    """Everything that these addresses are on, in all robots; at most 20,000."""
    return await reader.all(_MEMBERSHIPS, keys=[*keys], limit=_MOST_MEMBERSHIPS)


async def robots_of_lists(reader: Reader, list_ids: Collection[int]) -> dict[int, int]:
    """The robot of each of these lists."""
    return dict(await reader.all(_HOMES, list_ids=[*list_ids]))
