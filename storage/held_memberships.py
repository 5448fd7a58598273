"""Memberships that a person holds, and not one of their addresses: each follows the main address (row 131)."""

from dataclasses import replace

from sqlalchemy import and_, case, exists, or_, select, update

from storage import memberships
from storage.base_keys import base_key
from storage.database import UnitOfWork
from storage.merged_memberships import merged
from storage.query import Query, param, query_for
from storage.tables.lists import Membership, lists
from storage.tables.lists import memberships as rows
from storage.tables.mail import bouncing_addresses
from storage.tables.people import addresses, people
from storage.tables.words import Origin

_OTHERS = rows.alias("others")
# Whether an address of theirs counts in the robot of the list (decision 11).
_COUNTS_THERE = exists(
    select(addresses.c.id)
    .join(lists, or_(addresses.c.robot_id.is_(None), addresses.c.robot_id == lists.c.robot_id))
    .where(
        lists.c.id == rows.c.list_id,
        addresses.c.person_id == param("person_id"),
        addresses.c.address_key == param("address_key"),
        addresses.c.proved_at.is_not(None),
        or_(addresses.c.expires_at.is_(None), addresses.c.expires_at > param("now")),
    )
)
_ELSEWHERE = (
    rows.c.person_id == param("person_id"),
    rows.c.address_key != param("address_key"),
    _COUNTS_THERE,
)
_FOLLOW = Query(
    update(rows)
    .where(
        *_ELSEWHERE,
        ~exists(
            select(_OTHERS.c.id).where(
                _OTHERS.c.list_id == rows.c.list_id,
                # The second of two that joined accounts held there is made one with the first below.
                or_(
                    _OTHERS.c.address_key == param("address_key"),
                    and_(_OTHERS.c.person_id == param("person_id"), _OTHERS.c.id < rows.c.id),
                ),
            )
        ),
    )
    .values(
        address=param("address"),
        address_key=param("address_key"),
        base_key=param("base_key"),
        domain=param("domain"),
        is_bouncing=exists().where(bouncing_addresses.c.address_key == param("address_key")),
        bounce_suspended_at=None,
        updated_at=param("now"),
    ),
    int,
)
_LEFT = query_for(Membership, rows, where=lambda s: s.where(*_ELSEWHERE).order_by(rows.c.id))
_HOLDERS_AT = Query(
    select(rows.c.person_id)
    .where(
        rows.c.address_key == param("address_key"),
        rows.c.person_id.is_not(None),
        rows.c.person_id != param("keeper"),
    )
    .distinct(),
    int,
)
_LET_GO = Query(
    update(rows)
    .where(
        rows.c.address_key == param("address_key"),
        rows.c.person_id.is_not(None),
        rows.c.person_id != param("keeper"),
    )
    .values(person_id=None, is_preferred=False, updated_at=param("now")),
    int,
)
_ANOTHER_ADDRESS: Query[tuple[str, str]] = Query(
    select(addresses.c.address, addresses.c.address_key)
    .join(people, people.c.id == addresses.c.person_id)
    .where(
        addresses.c.person_id == param("person_id"),
        addresses.c.address_key != param("address_key"),
        addresses.c.proved_at.is_not(None),
        or_(addresses.c.expires_at.is_(None), addresses.c.expires_at > param("now")),
    )
    .order_by(
        case((addresses.c.address_key == people.c.main_key, 0), else_=1),
        addresses.c.robot_id.is_not(None),
        addresses.c.id,
    )
    .limit(1),
    lambda address, key: (address, key),
)


async def follow(uow: UnitOfWork, person_id: int, address: str, key: str) -> None:
    """Bring what the person holds to this address of theirs, on the lists of robots where it counts.

    Where the address is on the list by itself, the two become one, held by the person; what a data source put there
    stays apart.
    """
    place = {"person_id": person_id, "address_key": key, "now": uow.now}
    await uow.run(_FOLLOW, address=address, base_key=base_key(key), domain=key.rpartition("@")[2], **place)
    for left in await uow.all(_LEFT, person_id=person_id, address_key=key, now=uow.now):
        there = await memberships.find(uow, left.list_id, key)
        if there is None or Origin.INCLUDED in (there.origin, left.origin):
            continue
        await memberships.remove(uow, left.list_id, left.id)
        await memberships.change(uow, replace(merged(left, there), person_id=person_id))


async def leave(uow: UnitOfWork, key: str, *, keeper: int) -> None:
    """An address has become `keeper`'s: what its former people hold goes to another address of theirs that counts.

    Whoever has none leaves it to the address, as any other subscription of that mailbox.
    """
    for holder in await uow.all(_HOLDERS_AT, address_key=key, keeper=keeper):
        other = await uow.first(_ANOTHER_ADDRESS, person_id=holder, address_key=key, now=uow.now)
        if other is not None:
            await follow(uow, holder, *other)
    await uow.run(_LET_GO, address_key=key, keeper=keeper, now=uow.now)
