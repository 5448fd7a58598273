"""Who is on which list under which address, how they get its mail, and when they pause."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Text, case, cast, delete, exists, func, select, update

from storage.base_keys import base_key
from storage.database import Reader, UnitOfWork
from storage.query import Query, any_of, columns_for, each_of, like_any, param, query_for
from storage.tables.lists import Membership, lists, memberships
from storage.tables.mail import bouncing_addresses
from storage.tables.words import Origin, Reception, Visibility

_COLUMNS = columns_for(Membership, memberships)
_ONE = query_for(
    Membership,
    memberships,
    where=lambda s: s.where(
        memberships.c.list_id == param("list_id"), memberships.c.address_key == param("address_key")
    ),
)
_BY_ID = query_for(
    Membership, memberships, where=lambda s: s.where(memberships.c.id == param("membership_id"))
)
_BY_IDS = query_for(
    Membership, memberships, where=lambda s: s.where(any_of(memberships.c.id, "membership_ids"))
)
_OF_KEYS = query_for(
    Membership,
    memberships,
    where=lambda s: s.where(
        any_of(memberships.c.list_id, "list_ids"), any_of(memberships.c.address_key, "keys")
    ).order_by(memberships.c.id),
)
_BY_BASE: Query[tuple[int, str]] = Query(
    select(memberships.c.list_id, memberships.c.address_key).where(
        any_of(memberships.c.list_id, "list_ids"), each_of(memberships.c.base_key, "bases")
    ),
    lambda list_id, key: (list_id, key),
)
_BY_BASE_OR_PATTERN: Query[tuple[int, str]] = Query(
    select(memberships.c.list_id, memberships.c.address_key).where(
        any_of(memberships.c.list_id, "list_ids"),
        each_of(memberships.c.base_key, "bases")
        | (any_of(memberships.c.domain, "domains") & like_any(memberships.c.address_key, "patterns")),
    ),
    lambda list_id, key: (list_id, key),
)
_MODERATED_HERE = select(memberships.c.address_key).where(
    memberships.c.list_id == param("list_id"), memberships.c.is_moderated
)
_MODERATED = Query(_MODERATED_HERE.where(each_of(memberships.c.base_key, "bases")), str)
_MODERATED_BY_PATTERN = Query(
    _MODERATED_HERE.where(
        each_of(memberships.c.base_key, "bases")
        | (any_of(memberships.c.domain, "domains") & like_any(memberships.c.address_key, "patterns"))
    ),
    str,
)
_KEYS_ON_LIST = Query(
    select(memberships.c.address_key).where(
        memberships.c.list_id == param("list_id"), each_of(memberships.c.address_key, "keys")
    ),
    str,
)
_IDS_ON_LIST = Query(
    select(memberships.c.id)
    .where(memberships.c.list_id == param("list_id"), each_of(memberships.c.address_key, "keys"))
    .order_by(memberships.c.id),
    int,
)
_IN_ROBOT = query_for(
    Membership,
    memberships,
    where=lambda s: s.where(
        any_of(memberships.c.address_key, "keys"),
        memberships.c.list_id.in_(select(lists.c.id).where(lists.c.robot_id == param("robot_id"))),
    ).order_by(memberships.c.id),
)
_WHOLE_LIST = query_for(
    Membership,
    memberships,
    where=lambda s: s.where(memberships.c.list_id == param("list_id")).order_by(memberships.c.id),
)
_VALUES = {
    "list_id": param("list_id"),
    "address": param("address"),
    "address_key": param("address_key"),
    "base_key": param("base_key"),
    "domain": param("domain"),
    "display_name": param("display_name"),
    "reception": param("reception"),
    "visibility": param("visibility"),
    "origin": Origin.SUBSCRIBED.value,
    "attributes": param("attributes"),
    "skips_addressed_copies": param("skips_addressed_copies"),
    "subscribed_at": param("now"),
    "updated_at": param("now"),
}


def _add_unless_there(inserter: Any) -> Any:
    return (
        inserter(memberships)
        .values(
            {
                **_VALUES,
                "person_id": param("person_id"),
                "is_bouncing": exists().where(bouncing_addresses.c.address_key == param("address_key")),
            }
        )
        .on_conflict_do_nothing(index_elements=["list_id", "address_key"])
        .returning(*_COLUMNS)
    )


_ADD: Query[Membership] = Query(_add_unless_there, Membership)
_ADD_MANY = Query(
    lambda inserter: (
        inserter(memberships)
        .values(_VALUES)
        .on_conflict_do_nothing(index_elements=["list_id", "address_key"])
    ),
    int,
)
_MARK_BOUNCING = Query(
    update(memberships)
    .where(
        memberships.c.list_id == param("list_id"),
        memberships.c.address_key.in_(select(bouncing_addresses.c.address_key)),
        ~memberships.c.is_bouncing,
    )
    .values(is_bouncing=True),
    int,
)
_CHANGE = Query(
    update(memberships)
    .where(memberships.c.id == param("membership_id"))
    .values(
        address=param("address"),
        address_key=param("address_key"),
        base_key=param("base_key"),
        domain=param("domain"),
        display_name=param("display_name"),
        reception=param("reception"),
        visibility=param("visibility"),
        suspended_from=param("suspended_from"),
        suspended_until=param("suspended_until"),
        is_moderated=param("is_moderated"),
        attributes=param("attributes"),
        origin=param("origin"),
        subscribed_at=param("subscribed_at"),
        person_id=param("person_id"),
        is_preferred=param("is_preferred"),
        skips_addressed_copies=param("skips_addressed_copies"),
        # Whether mail comes back is known of the address, from all lists (row 133).
        is_bouncing=case(
            (memberships.c.address_key == param("address_key"), memberships.c.is_bouncing),
            else_=exists().where(bouncing_addresses.c.address_key == param("address_key")),
        ),
        bounce_suspended_at=case(
            (memberships.c.address_key == param("address_key"), memberships.c.bounce_suspended_at)
        ),
        updated_at=param("now"),
    )
    .returning(*_COLUMNS),
    Membership,
)
_ABSENT = Query(
    update(memberships)
    .where(any_of(memberships.c.id, "ids"))
    .values(away_from=param("since"), away_until=param("until"), updated_at=param("now"))
    .returning(*_COLUMNS),
    Membership,
)
_SET_FOR_MANY = Query(
    update(memberships)
    .where(any_of(memberships.c.id, "ids"))
    .values(
        reception=func.coalesce(cast(param("reception"), Text), memberships.c.reception),
        visibility=func.coalesce(cast(param("visibility"), Text), memberships.c.visibility),
        updated_at=param("now"),
    )
    .returning(*_COLUMNS),
    Membership,
)
_UNPREFER = Query(
    update(memberships)
    .where(
        memberships.c.list_id == param("list_id"),
        any_of(memberships.c.address_key, "keys"),
        memberships.c.is_preferred,
    )
    .values(is_preferred=False),
    int,
)
_REMOVE = Query(
    delete(memberships)
    .where(memberships.c.id == param("membership_id"), memberships.c.list_id == param("list_id"))
    .returning(*_COLUMNS),
    Membership,
)


async def find(reader: Reader, list_id: int, address_key: str) -> Membership | None:
    """The membership of one address on one list."""
    return await reader.first(_ONE, list_id=list_id, address_key=address_key)


async def in_robot(reader: Reader, robot_id: int, *keys: str) -> list[Membership]:
    """Everything that these addresses are on in a robot."""
    return await reader.all(_IN_ROBOT, robot_id=robot_id, keys=[*keys])


async def by_id(reader: Reader, membership_id: int) -> Membership | None:
    """The membership with this id."""
    return await reader.first(_BY_ID, membership_id=membership_id)


async def by_ids(reader: Reader, membership_ids: list[int]) -> dict[int, Membership]:
    """Memberships by their ids, in one statement."""
    return {one.id: one for one in await reader.all(_BY_IDS, membership_ids=membership_ids)}


async def of_keys(reader: Reader, list_ids: list[int], keys: list[str]) -> list[Membership]:
    """The memberships of these addresses on these lists, in one statement."""
    return await reader.all(_OF_KEYS, list_ids=list_ids, keys=keys)


async def keys_on_list(reader: Reader, list_id: int, keys: list[str]) -> list[str]:
    """Which of exactly these addresses are on the list: one point query, however many addresses."""
    return await reader.all(_KEYS_ON_LIST, list_id=list_id, keys=keys)


async def keys_near(
    reader: Reader, list_ids: list[int], bases: list[str], patterns: list[tuple[str, str]]
) -> list[tuple[int, str]]:
    """The keys on these lists whose base key is one of `bases`, with their lists: one statement (row 8).

    `patterns` are (domain, LIKE pattern with `!` as escape) for mailboxes whose tags follow another sign than plus.
    """
    if not patterns:
        return await reader.all(_BY_BASE, list_ids=list_ids, bases=bases)
    return await reader.all(_BY_BASE_OR_PATTERN, list_ids=list_ids, bases=bases, **_told(patterns))


def _told(patterns: list[tuple[str, str]]) -> dict[str, list[str]]:
    return {
        "domains": sorted({domain for domain, _ in patterns}),
        "patterns": [pattern for _, pattern in patterns],
    }


async def moderated_near(
    reader: Reader, list_id: int, bases: list[str], patterns: list[tuple[str, str]]
) -> list[str]:
    """As `keys_near`, the keys of moderated members of one list."""
    if not patterns:
        return await reader.all(_MODERATED, list_id=list_id, bases=bases)
    return await reader.all(_MODERATED_BY_PATTERN, list_id=list_id, bases=bases, **_told(patterns))


async def ids_on_list(reader: Reader, list_id: int, keys: list[str]) -> list[int]:
    """The membership ids of these addresses on the list."""
    return await reader.all(_IDS_ON_LIST, list_id=list_id, keys=keys)


def whole_list(reader: Reader, list_id: int) -> AsyncIterator[Membership]:
    """Every member, one after the other."""
    return reader.stream(_WHOLE_LIST, list_id=list_id)


async def add(
    uow: UnitOfWork,
    list_id: int,
    *,
    address: str,
    address_key: str,
    display_name: str = "",
    reception: Reception = Reception.MAIL,
    visibility: Visibility = Visibility.NOCONCEAL,
    attributes: Mapping[str, str] | None = None,
    skips_addressed_copies: bool | None = None,
    person_id: int | None = None,
) -> Membership | None:
    """A new membership; None when the address is on the list already. `person_id` is whoever holds it themselves."""
    return await uow.first(
        _ADD,
        **row(
            address=address,
            address_key=address_key,
            display_name=display_name,
            reception=reception,
            visibility=visibility,
            attributes=attributes,
            skips_addressed_copies=skips_addressed_copies,
        ),
        list_id=list_id,
        person_id=person_id,
        now=uow.now,
    )


def row(
    *,
    address: str,
    address_key: str,
    display_name: str = "",
    reception: Reception = Reception.MAIL,
    visibility: Visibility = Visibility.NOCONCEAL,
    attributes: Mapping[str, str] | None = None,
    skips_addressed_copies: bool | None = None,
) -> dict[str, Any]:
    """One row for `add_many`."""
    return {
        "address": address,
        "address_key": address_key,
        "base_key": base_key(address_key),
        "domain": address_key.rpartition("@")[2],
        "display_name": display_name,
        "reception": reception.value,
        "visibility": visibility.value,
        "attributes": orjson.dumps(dict(attributes)).decode() if attributes else "{}",
        "skips_addressed_copies": skips_addressed_copies,
    }


async def add_many(uow: UnitOfWork, list_id: int, rows: Iterable[Mapping[str, Any]]) -> None:
    """Many memberships on one list, made by `row`; addresses that are on it already stay as they are."""
    common = {"list_id": list_id, "now": uow.now}
    await uow.run_many(_ADD_MANY, [{**each, **common} for each in rows])
    await uow.run(_MARK_BOUNCING, list_id=list_id)


async def change(uow: UnitOfWork, changed: Membership) -> Membership | None:
    """Write what a person or owner may change about a membership; None when it is gone."""
    return await uow.first(
        _CHANGE,
        membership_id=changed.id,
        address=changed.address,
        address_key=changed.address_key,
        base_key=base_key(changed.address_key),
        domain=changed.domain,
        display_name=changed.display_name,
        reception=changed.reception.value,
        visibility=changed.visibility.value,
        suspended_from=changed.suspended_from,
        suspended_until=changed.suspended_until,
        is_moderated=changed.is_moderated,
        attributes=changed.attributes,
        origin=changed.origin.value,
        subscribed_at=changed.subscribed_at,
        person_id=changed.person_id,
        is_preferred=changed.is_preferred,
        skips_addressed_copies=changed.skips_addressed_copies,
        now=uow.now,
    )


async def be_absent(
    uow: UnitOfWork, ids: list[int], since: int | None, until: int | None
) -> list[Membership]:
    """Pause, or with two None resume, all of these at once; each one's own mode and pause stay as they are (row 113)."""
    return await uow.all(_ABSENT, ids=ids, since=since, until=until, now=uow.now)


async def set_for_many(
    uow: UnitOfWork, ids: list[int], reception: Reception | None, visibility: Visibility | None
) -> list[Membership]:
    """Give all of these the same mode, visibility, or both; None leaves each its own."""
    return await uow.all(
        _SET_FOR_MANY,
        ids=ids,
        reception=None if reception is None else reception.value,
        visibility=None if visibility is None else visibility.value,
        now=uow.now,
    )


async def unprefer(uow: UnitOfWork, list_id: int, keys: list[str]) -> None:
    """Let none of these addresses on the list be the chosen one."""
    await uow.run(_UNPREFER, list_id=list_id, keys=keys)


async def remove(uow: UnitOfWork, list_id: int, membership_id: int) -> Membership | None:
    """Take one membership off its list; it as it was, or None when it is not there."""
    return await uow.first(_REMOVE, list_id=list_id, membership_id=membership_id)
