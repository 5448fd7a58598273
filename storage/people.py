"""People as rows: found by number or by an address that is proved to be theirs."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, insert, or_, select, update

from storage import held_memberships
from storage.database import Reader, UnitOfWork, one
from storage.query import Query, any_of, columns_for, param, query_for
from storage.tables.account_life import merges
from storage.tables.people import Person, addresses, people

_PERSON = columns_for(Person, people)
_ADD = Query(
    insert(people)
    .values(
        display_name=param("display_name"),
        main_address=param("address"),
        main_key=param("address_key"),
        created_at=param("now"),
    )
    .returning(*_PERSON),
    Person,
)
_BY_IDS = query_for(Person, people, where=lambda s: s.where(any_of(people.c.id, "ids")))
_BY_PROVED_ADDRESS = query_for(
    Person,
    people,
    where=lambda s: (
        s.join(addresses, addresses.c.person_id == people.c.id)
        .where(
            addresses.c.address_key == param("address_key"),
            addresses.c.proved_at.is_not(None),
            or_(addresses.c.expires_at.is_(None), addresses.c.expires_at > param("now")),
            or_(addresses.c.robot_id.is_(None), addresses.c.robot_id == param("robot_id")),
        )
        .order_by(addresses.c.robot_id.is_not(None), addresses.c.id)
        .limit(1)
    ),
)
_SET_PROFILE = Query(
    update(people)
    .where(people.c.id == param("id"))
    .values(display_name=param("display_name"), locale=param("locale"))
    .returning(*_PERSON),
    Person,
)
_SET_PREFERENCES = Query(
    update(people)
    .where(people.c.id == param("id"))
    .values(
        time_zone=param("time_zone"),
        page_size=param("page_size"),
        default_reception=param("default_reception"),
        each_address_gets_a_copy=param("each_address_gets_a_copy"),
        skips_addressed_copies=param("skips_addressed_copies"),
    )
    .returning(*_PERSON),
    Person,
)
_SET_MAIN = Query(
    update(people)
    .where(people.c.id == param("id"))
    .values(main_address=param("address"), main_key=param("address_key"))
    .returning(*_PERSON),
    Person,
)
_DROP_UNPROVED = Query(
    delete(people).where(
        people.c.main_key == param("address_key"),
        people.c.id != param("keeper"),
        ~exists(
            select(addresses.c.id).where(
                addresses.c.person_id == people.c.id, addresses.c.proved_at.is_not(None)
            )
        ),
        # An account that was joined to another one waits, without any address, for that to be undone (row 134).
        ~exists(select(merges.c.id).where(merges.c.gone_id == people.c.id, merges.c.undone_at.is_(None))),
    ),
    int,
)


async def add(uow: UnitOfWork, *, address: str, address_key: str, display_name: str) -> Person:
    """A new person whose main address this is, without any claim to it yet."""
    return await one(
        uow, _ADD, address=address, address_key=address_key, display_name=display_name, now=uow.now
    )


async def find(reader: Reader, person_id: int) -> Person | None:
    """The person with this number."""
    return await reader.first(_BY_IDS, ids=[person_id])


async def by_ids(reader: Reader, ids: Sequence[int]) -> list[Person]:
    """The people with these numbers, in any order."""
    return await reader.all(_BY_IDS, ids=[*ids])


async def by_proved_address(reader: Reader, address_key: str, robot_id: int | None) -> Person | None:
    """Whose proved and unexpired address this is, on the whole server or in this robot."""
    return await reader.first(_BY_PROVED_ADDRESS, address_key=address_key, robot_id=robot_id, now=reader.now)


async def set_profile(uow: UnitOfWork, person_id: int, *, display_name: str, locale: str) -> Person:
    """Another name and language."""
    return await one(uow, _SET_PROFILE, id=person_id, display_name=display_name, locale=locale)


async def set_preferences(uow: UnitOfWork, changed: Person) -> Person:
    """What the person likes, written as `changed` has it."""
    return await one(
        uow,
        _SET_PREFERENCES,
        id=changed.id,
        time_zone=changed.time_zone,
        page_size=changed.page_size,
        default_reception=changed.default_reception.value,
        each_address_gets_a_copy=changed.each_address_gets_a_copy,
        skips_addressed_copies=changed.skips_addressed_copies,
    )


async def set_main(uow: UnitOfWork, person_id: int, *, address: str, address_key: str) -> Person:
    """Another main address, which what the person holds follows (row 131)."""
    changed = await one(uow, _SET_MAIN, id=person_id, address=address, address_key=address_key)
    await held_memberships.follow(uow, person_id, address, address_key)
    return changed


async def drop_unproved(uow: UnitOfWork, address_key: str, *, keeper: int) -> int:
    """Remove people (not `keeper`) who named this address their main one and never proved any; how many."""
    return await uow.run(_DROP_UNPROVED, address_key=address_key, keeper=keeper)
