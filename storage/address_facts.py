"""What is known of many addresses at once: how many lists they are on, other forms of them, whether mail to them comes back."""

from sqlalchemy import func, select

from storage.database import Reader
from storage.query import Query, any_of, param
from storage.tables.lists import lists, memberships
from storage.tables.mail import bouncing_addresses

_COUNTS: Query[tuple[str, int]] = Query(
    select(memberships.c.address_key, func.count())
    .join(lists, lists.c.id == memberships.c.list_id)
    .where(any_of(memberships.c.address_key, "keys"), lists.c.robot_id == param("robot_id"))
    .group_by(memberships.c.address_key),
    lambda key, count: (key, count),
)
_FORMS: Query[tuple[str, str]] = Query(
    select(memberships.c.address_key, func.min(memberships.c.address))
    .join(lists, lists.c.id == memberships.c.list_id)
    .where(lists.c.robot_id == param("robot_id"), any_of(memberships.c.base_key, "bases"))
    .group_by(memberships.c.address_key)
    .order_by(memberships.c.address_key)
    .limit(param("limit")),
    lambda key, address: (key, address),
)
_BOUNCING = Query(
    select(bouncing_addresses.c.address_key).where(any_of(bouncing_addresses.c.address_key, "keys")), str
)


async def membership_counts(reader: Reader, robot_id: int, keys: list[str]) -> dict[str, int]:
    """How many lists of a robot each address is on; those on none are left out."""
    return dict(await reader.all(_COUNTS, robot_id=robot_id, keys=keys))


async def forms(reader: Reader, robot_id: int, bases: list[str], *, limit: int) -> list[tuple[str, str]]:
    """(key, address) of everything on the robot's lists with one of these base keys."""
    return await reader.all(_FORMS, robot_id=robot_id, bases=bases, limit=limit)


async def bouncing(reader: Reader, keys: list[str]) -> set[str]:
    """Those of the addresses to which mail comes back."""
    return {*await reader.all(_BOUNCING, keys=keys)}
