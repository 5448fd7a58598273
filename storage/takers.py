"""Who takes mail of a list, at which of their addresses: one copy for each person who did not ask for more (rows 27, 132).

A list is asked chunk by chunk, by the ids of its memberships, and a chunk costs what a chunk holds, not what the list does.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import TextClause, and_, func, literal_column, or_, select, text

from storage.database import Reader
from storage.query import Query, any_of, param
from storage.tables.expansion import decided_members
from storage.tables.lists import memberships
from storage.tables.words import Reception


@dataclass(frozen=True, slots=True)
class Span:
    """Memberships of a list above `after`, up to `upto`; `last` is the last one that the delivery is for.

    `instant` is when the post was accepted: what ends or begins by the clock is as it was then.
    """

    delivery_id: int
    list_id: int
    robot_id: int
    instant: int
    after: int
    upto: int
    last: int


class Taker(NamedTuple):
    """A membership that gets a copy."""

    id: int
    domain: str
    is_bouncing: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """Who gets a copy of a chunk, and which later memberships were decided with it, one way or the other."""

    takers: list[Taker]
    ahead: list[int]


class _OneOfSeveral(NamedTuple):
    """A membership of somebody who has several on the list; the one in place 1 gets the copy."""

    id: int
    domain: str
    is_bouncing: bool
    address_key: str
    reception: str
    place: int


# Suspensions count by the clock.
_takes_mail = and_(
    memberships.c.list_id == param("list_id"),
    memberships.c.reception != Reception.NOMAIL.value,
    # What comes back again and again is not sent any more (row 78).
    memberships.c.bounce_suspended_at.is_(None),
    or_(
        memberships.c.suspended_from.is_(None),
        memberships.c.suspended_from > param("instant"),
        memberships.c.suspended_until <= param("instant"),
    ),
    or_(
        memberships.c.away_from.is_(None),
        memberships.c.away_from > param("instant"),
        memberships.c.away_until <= param("instant"),
    ),
    # Counted, since PostgreSQL would join what is only said not to be there, before it knows how much is.
    select(func.count())
    .where(
        decided_members.c.delivery_id == param("delivery_id"),
        decided_members.c.membership_id == memberships.c.id,
    )
    .scalar_subquery()
    == literal_column("0"),
)
_TAKERS = Query(
    select(memberships.c.id, memberships.c.domain, memberships.c.is_bouncing).where(
        _takes_mail,
        memberships.c.id > param("after"),
        memberships.c.id <= param("upto"),
        or_(
            memberships.c.reception != Reception.NOT_ME.value,
            ~any_of(memberships.c.address_key, "author_keys").self_group(),
        ),
    ),
    Taker,
)

# The same in words, since the order of the joins below is what bounds their cost. `m` is a membership, `a` a row of the
# ledger of addresses. Its robot is asked in a way that no index serves: most rows have none, and an index of that finds all.
_TAKES = """m.reception <> 'nomail'
  AND m.bounce_suspended_at IS NULL
    AND (m.suspended_from IS NULL OR m.suspended_from > :instant OR m.suspended_until <= :instant)
    AND (m.away_from IS NULL OR m.away_from > :instant OR m.away_until <= :instant)
    AND (SELECT count(*) FROM decided_members AS d
        WHERE d.delivery_id = :delivery_id AND d.membership_id = m.id) = 0"""
IN_FORCE = """a.proved_at IS NOT NULL AND (a.expires_at IS NULL OR a.expires_at > :instant)
    AND coalesce(a.robot_id, :robot_id) = :robot_id"""

# Whose a membership is: it says so itself, or its address is in force; what counts on the whole server outranks one robot's word.
HOLDER = f"""coalesce(m.person_id, (
        SELECT coalesce(min(CASE WHEN a.robot_id IS NULL THEN a.person_id END), min(a.person_id))
        FROM addresses AS a WHERE a.address_key = m.address_key AND {IN_FORCE}))"""  # noqa: S608 (all parts are above)


def of_each(dialect: str, table: str, condition: str) -> str:
    """`table`'s rows for each row of what stands before, found one after the other by an index, whatever the planner thinks.

    SQLite keeps the order of a CROSS JOIN, PostgreSQL does not look through an OFFSET.
    """
    alias = table[0]
    if dialect == "sqlite":
        return f"CROSS JOIN {table} AS {alias} ON {condition}"
    return f"CROSS JOIN LATERAL (SELECT * FROM {table} AS {alias} WHERE {condition} OFFSET 0) AS {alias}"  # noqa: S608


def _several(dialect: str) -> TextClause:
    """Everybody of a chunk who has several memberships on the list, all of them still to be decided, and which is first.

    Whose each is says the membership itself, or an address that is in force in this robot; what counts on the whole server
    outranks what one robot's provider says (decision 11). First is the one that they chose, else the one at their main
    address, else the oldest. Somebody who was not met is not decided, for not all that they hold need be near. The plus
    keeps SQLite from walking the list, the CASE keeps PostgreSQL from comparing each with all.
    """
    by_key = of_each(dialect, "addresses", f"a.address_key = chunk.address_key AND {IN_FORCE}")
    by_person = of_each(dialect, "addresses", f"a.person_id = met.id AND {IN_FORCE}")
    at_address = of_each(dialect, "memberships", "m.list_id = :list_id AND m.address_key = a.address_key")
    held_so = of_each(dialect, "memberships", "m.person_id = met.id AND +m.list_id = :list_id")
    themselves = of_each(
        dialect, "memberships", f"m.id = crowd.id AND m.id > :after AND m.id <= :last AND {_TAKES}"
    )
    return text(
        f"""
WITH chunk AS (
    SELECT m.address_key, m.person_id FROM memberships AS m
    WHERE m.list_id = :list_id AND m.id > :after AND m.id <= :upto AND {_TAKES}
), met AS (
    SELECT person_id AS id FROM chunk WHERE person_id IS NOT NULL
    UNION SELECT a.person_id FROM chunk {by_key}
), near AS (
    SELECT met.id AS person_id, m.id FROM met {held_so}
    UNION SELECT met.id, m.id FROM met {by_person} {at_address}
), crowd AS (
    SELECT DISTINCT id FROM (SELECT id, count(*) OVER (PARTITION BY person_id) AS several FROM near) AS counted
    WHERE several > 1
), held AS MATERIALIZED (
    SELECT m.id, m.domain, m.is_bouncing, m.address_key, m.reception, m.is_preferred,
        {HOLDER} AS holder
    FROM crowd {themselves}
), whose AS (
    SELECT held.*, p.main_key FROM held {of_each(dialect, "people", "p.id = held.holder")}
    WHERE NOT p.each_address_gets_a_copy AND CASE WHEN held.holder IN (SELECT id FROM met) THEN 1 ELSE 0 END = 1
), placed AS (
    SELECT whose.*, count(*) OVER (PARTITION BY holder) AS several, row_number() OVER (
        PARTITION BY holder
        ORDER BY CASE WHEN is_preferred THEN 0 ELSE 1 END,
            CASE WHEN address_key = main_key THEN 0 ELSE 1 END, id) AS place
    FROM whose
)
SELECT id, domain, is_bouncing, address_key, reception, place FROM placed WHERE several > 1
"""  # noqa: S608 (all parts are above)
    ).bindparams(
        *map(param, ("delivery_id", "list_id", "robot_id", "instant", "after", "upto", "last")),
    )


# A list that was filled a moment ago has no statistics, and PostgreSQL would expect a hundred rows where there is one.
_ONE_BY_ONE = Query(text("SET LOCAL enable_bitmapscan = off"), int)
_SEVERAL = Query({dialect: _several(dialect) for dialect in ("sqlite", "postgresql")}, _OneOfSeveral)
_LAST = Query(
    select(func.max(memberships.c.id)).where(memberships.c.list_id == param("list_id")), lambda last: last
)
_END = Query(
    select(memberships.c.id)
    .where(
        memberships.c.list_id == param("list_id"),
        memberships.c.id > param("after"),
        memberships.c.id <= param("last"),
    )
    .order_by(memberships.c.id)
    .limit(1)
    .offset(param("others")),
    int,
)


async def last_member(reader: Reader, list_id: int) -> int:
    """The newest membership of a list; 0 where it has none."""
    return await reader.first(_LAST, list_id=list_id) or 0


async def end_of_chunk(reader: Reader, list_id: int, *, after: int, last: int, size: int) -> int:
    """The membership that ends the next chunk of `size`; `last` where fewer are left."""
    found = await reader.first(_END, list_id=list_id, after=after, last=last, others=size - 1)
    return last if found is None else found


async def of_chunk(
    reader: Reader, span: Span, *, author_keys: Sequence[str], addressed: Collection[int] = ()
) -> Taken:
    """Who of a chunk gets a copy; somebody with several addresses is decided whole where the first of them is met.

    So nothing that changes between two chunks brings anybody two copies or none. `author_keys` are the keys of the author's
    addresses, for people who want no copy of their own posts: the mode of the one address that is left decides. So it does
    with `addressed`, memberships that get no copy, since the message names their people (`storage.addressed`).
    """
    keys: dict[str, Any] = {
        "delivery_id": span.delivery_id,
        "list_id": span.list_id,
        "instant": span.instant,
        "after": span.after,
        "upto": span.upto,
    }
    if reader.dialect == "postgresql":
        await reader.all(_ONE_BY_ONE)
    found = await reader.all(_TAKERS, **keys, author_keys=list(author_keys))
    several = await reader.all(_SEVERAL, **keys, robot_id=span.robot_id, last=span.last)
    apart = frozenset(addressed)
    if not several:
        return Taken([each for each in found if each.id not in apart] if apart else found, [])
    decided = {each.id for each in several}
    takers = [each for each in found if each.id not in decided and each.id not in apart]
    own = set(author_keys)
    takers += [
        Taker(each.id, each.domain, each.is_bouncing)
        for each in several
        if each.place == 1
        and each.id not in apart
        and not (each.reception == Reception.NOT_ME and each.address_key in own)
    ]
    return Taken(takers, [key for key in decided if key > span.upto])
