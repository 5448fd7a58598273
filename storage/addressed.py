"""Who of a list asked for no copy of a message that names them in To or Cc: people, whatever address stands there (row 132)."""

from collections.abc import Collection

from sqlalchemy import TextClause, or_, select, text

from storage.database import Reader
from storage.query import Query, each_of, param, values_of
from storage.tables.people import addresses
from storage.takers import HOLDER, IN_FORCE, of_each

_HOLDERS: Query[tuple[str, int]] = Query(
    select(addresses.c.address_key, addresses.c.person_id)
    .where(
        each_of(addresses.c.address_key, "keys"),
        addresses.c.proved_at.is_not(None),
        or_(addresses.c.expires_at.is_(None), addresses.c.expires_at > param("instant")),
        or_(addresses.c.robot_id.is_(None), addresses.c.robot_id == param("robot_id")),
    )
    # What counts on the whole server outranks what one robot's provider says (decision 11).
    .order_by(addresses.c.robot_id.is_not(None), addresses.c.person_id),
    lambda key, person_id: (key, person_id),
)


def _skipping(dialect: str) -> TextClause:
    """Memberships at a named address, or of a named person, whose own word or else their person's account says so."""
    at_name = of_each(dialect, "memberships", "m.list_id = :list_id AND m.address_key = named.value")
    held_so = of_each(dialect, "memberships", "m.person_id = met.value AND +m.list_id = :list_id")
    by_person = of_each(dialect, "addresses", f"a.person_id = met.value AND {IN_FORCE}")
    at_address = of_each(dialect, "memberships", "m.list_id = :list_id AND m.address_key = a.address_key")
    return text(
        f"""
WITH named AS ({values_of(dialect, "keys", "TEXT")}), met AS ({values_of(dialect, "people", "BIGINT")}),
near AS (
    SELECT m.id FROM named {at_name}
    UNION SELECT m.id FROM met {held_so}
    UNION SELECT m.id FROM met {by_person} {at_address}
), whose AS (
    SELECT m.id, m.address_key, m.skips_addressed_copies AS wish, {HOLDER} AS holder
    FROM near {of_each(dialect, "memberships", "m.id = near.id")}
)
SELECT id FROM whose
WHERE coalesce(wish, (SELECT p.skips_addressed_copies FROM people AS p WHERE p.id = whose.holder), false)
    AND (address_key IN (SELECT value FROM named) OR holder IN (SELECT value FROM met))
ORDER BY id
"""  # noqa: S608 (all parts are above)
    ).bindparams(*map(param, ("list_id", "robot_id", "instant", "keys", "people")))


_SKIPPING = Query({dialect: _skipping(dialect) for dialect in ("sqlite", "postgresql")}, int)


async def holders(reader: Reader, robot_id: int, keys: Collection[str]) -> dict[str, int]:
    """Whose address each of these is in a robot now, for those that are in force."""
    found = await reader.all(_HOLDERS, keys=[*keys], robot_id=robot_id, instant=reader.now)
    return dict(reversed(found))


async def skipping(
    reader: Reader, list_id: int, robot_id: int, *, keys: Collection[str], people: Collection[int]
) -> list[int]:
    """The memberships of a list that get no copy of a message which names these addresses, and so these people."""
    return await reader.all(
        _SKIPPING,
        list_id=list_id,
        robot_id=robot_id,
        instant=reader.now,
        keys=sorted(keys),
        people=sorted(people),
    )
