"""Whose addresses these are: many at once, as the address ledger says now."""

from sqlalchemy import or_, select

from storage.database import Reader
from storage.query import Query, any_of, param
from storage.tables.people import addresses

_HOLDERS: Query[tuple[str, int]] = Query(
    select(addresses.c.address_key, addresses.c.person_id)
    .where(
        any_of(addresses.c.address_key, "keys"),
        addresses.c.proved_at.is_not(None),
        or_(addresses.c.expires_at.is_(None), addresses.c.expires_at > param("now")),
        or_(addresses.c.robot_id.is_(None), addresses.c.robot_id == param("robot_id")),
    )
    # What counts on the whole server is read last, and so wins.
    .order_by(addresses.c.robot_id.is_(None), addresses.c.id.desc()),
    lambda key, person_id: (key, person_id),
)


async def by_keys(reader: Reader, keys: list[str], robot_id: int) -> dict[str, int]:
    """The number of the person whose proved and unexpired address each is in this robot; the unknown are left out."""
    return dict(await reader.all(_HOLDERS, keys=keys, robot_id=robot_id, now=reader.now))
