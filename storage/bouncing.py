"""What all lists together have learnt of an address: that its mailbox is dead, until it answers again (row 133)."""

from dataclasses import dataclass

from sqlalchemy import delete, update

from storage import bounce_scores
from storage.database import UnitOfWork, one
from storage.query import Query, columns_for, param
from storage.tables.lists import memberships
from storage.tables.mail import bouncing_addresses


@dataclass(frozen=True, slots=True)
class Bouncing:
    """How often mail to an address has come back, since when, and when its person was told."""

    address_key: str
    failures: int
    first_at: int
    told_at: int | None


def _count(insert: object) -> object:
    made = insert(bouncing_addresses).values(  # type: ignore[operator]
        address_key=param("address_key"),
        failures=1,
        enhanced_status=param("enhanced_status"),
        first_at=param("now"),
        last_at=param("now"),
    )
    return made.on_conflict_do_update(
        index_elements=["address_key"],
        set_={
            "failures": bouncing_addresses.c.failures + 1,
            "enhanced_status": made.excluded.enhanced_status,
            "last_at": made.excluded.last_at,
        },
    ).returning(*columns_for(Bouncing, bouncing_addresses))


_COUNT = Query(_count, Bouncing)
_TOLD = Query(
    update(bouncing_addresses)
    .where(bouncing_addresses.c.address_key == param("address_key"))
    .values(told_at=param("now")),
    int,
)
_FORGET = Query(
    delete(bouncing_addresses).where(bouncing_addresses.c.address_key == param("address_key")), int
)
_MARK = Query(
    update(memberships)
    .where(memberships.c.address_key == param("address_key"), ~memberships.c.is_bouncing)
    .values(is_bouncing=True),
    int,
)


async def count(uow: UnitOfWork, key: str, enhanced_status: str) -> Bouncing:
    """One more failure of an address; every list that it is on knows from now on."""
    known = await one(uow, _COUNT, address_key=key, enhanced_status=enhanced_status, now=uow.now)
    await uow.run(_MARK, address_key=key)
    return known


async def told(uow: UnitOfWork, key: str) -> None:
    """The person has been told, and is not told again."""
    await uow.run(_TOLD, address_key=key, now=uow.now)


async def answered(uow: UnitOfWork, key: str) -> bool:
    """The mailbox was shown to be read: all lists forget; whether there was anything to forget."""
    was_dead = await uow.run(_FORGET, address_key=key) > 0
    return await bounce_scores.forget_address(uow, key) or was_dead
