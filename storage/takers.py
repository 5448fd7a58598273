"""Who takes mail of a list now, at which of their addresses: one copy for each person who did not ask for more (rows 27, 132)."""

from sqlalchemy import and_, case, func, or_, select, union_all

from storage.query import any_of, param
from storage.tables.lists import lists, memberships
from storage.tables.people import addresses, people
from storage.tables.words import Reception

# Suspensions count by the clock.
_takes_mail = and_(
    memberships.c.list_id == param("list_id"),
    memberships.c.reception != Reception.NOMAIL.value,
    or_(
        memberships.c.suspended_from.is_(None),
        memberships.c.suspended_from > param("now"),
        memberships.c.suspended_until <= param("now"),
    ),
    or_(
        memberships.c.away_from.is_(None),
        memberships.c.away_from > param("now"),
        memberships.c.away_until <= param("now"),
    ),
)
_robot = select(lists.c.robot_id).where(lists.c.id == param("list_id")).scalar_subquery()
# Whose each is: said by the membership itself, or by an address that is in force in this robot; what counts on the whole
# server outranks what one robot's provider says (decision 11).
_BY_ITSELF, _EVERYWHERE, _HERE = 0, 1, 2
_said = union_all(
    select(
        memberships.c.id.label("id"),
        memberships.c.person_id.label("person_id"),
        case((memberships.c.person_id.is_not(None), _BY_ITSELF)).label("rank"),
    ).where(_takes_mail, memberships.c.person_id.is_not(None)),
    select(
        memberships.c.id,
        addresses.c.person_id,
        case((addresses.c.robot_id.is_(None), _EVERYWHERE), else_=_HERE),
    )
    .join(addresses, addresses.c.address_key == memberships.c.address_key)
    .where(
        _takes_mail,
        addresses.c.proved_at.is_not(None),
        or_(addresses.c.expires_at.is_(None), addresses.c.expires_at > param("now")),
        or_(addresses.c.robot_id.is_(None), addresses.c.robot_id == _robot),
    ),
).subquery("said")


def _by(rank: int) -> object:
    return func.min(case((_said.c.rank == rank, _said.c.person_id)))


_held = (
    select(
        _said.c.id.label("id"),
        func.coalesce(_by(_BY_ITSELF), _by(_EVERYWHERE), _by(_HERE)).label("person_id"),
    )
    .group_by(_said.c.id)
    .subquery("held")
)
# The one that they chose, else the one at their main address, else the oldest.
_ranked = (
    select(
        _held.c.id,
        func.row_number()
        .over(
            partition_by=_held.c.person_id,
            order_by=(
                case((memberships.c.is_preferred, 0), else_=1),
                case((memberships.c.address_key == people.c.main_key, 0), else_=1),
                memberships.c.id,
            ),
        )
        .label("place"),
    )
    .join(memberships, memberships.c.id == _held.c.id)
    .join(people, people.c.id == _held.c.person_id)
    .where(~people.c.each_address_gets_a_copy)
    .subquery("ranked")
)
_further_copies = select(_ranked.c.id).where(_ranked.c.place > 1)

# The mode of the one that is left decides whether its person gets a copy of their own posts.
takers = and_(
    _takes_mail,
    memberships.c.id.not_in(_further_copies),
    or_(
        memberships.c.reception != Reception.NOT_ME.value,
        ~any_of(memberships.c.address_key, "author_keys").self_group(),
    ),
)
"""The memberships that get a copy; takes list_id, now and author_keys."""
