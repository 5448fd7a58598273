"""What somebody likes, kept with the account and the same on every device (row 60)."""

import zoneinfo
from dataclasses import dataclass, replace

from identity.actor import Actor
from identity.refusal import Invalid
from identity.standing import ApplicationNotEnough, person_of
from storage import people
from storage.database import UnitOfWork
from storage.tables.people import Person
from storage.tables.words import Reception

SHORTEST_PAGE, LONGEST_PAGE = 5, 100
_LONGEST_ZONE = 64


@dataclass(frozen=True, slots=True)
class Preferences:
    """Changes to what somebody likes; None leaves a thing as it is, "" as a time zone is none."""

    time_zone: str | None = None
    page_size: int | None = None
    default_reception: Reception | None = None
    each_address_gets_a_copy: bool | None = None
    skips_addressed_copies: bool | None = None

    @property
    def changes(self) -> dict[str, object]:
        """Those that are named."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in found.items() if value is not None}


async def update_preferences(uow: UnitOfWork, actor: Actor, wanted: Preferences) -> Person:
    """Change what the actor likes. Raises SignInNeeded, ApplicationNotEnough, Invalid."""
    person = person_of(actor)
    if not wanted.changes:
        return person
    if actor.application:
        raise ApplicationNotEnough
    if wanted.page_size is not None and not SHORTEST_PAGE <= wanted.page_size <= LONGEST_PAGE:
        raise Invalid(f"A page has {SHORTEST_PAGE} to {LONGEST_PAGE} entries.", path=("page_size",))
    if wanted.time_zone and not is_time_zone(wanted.time_zone):
        raise Invalid("Write a time zone as Europe/Vienna or UTC.", path=("time_zone",))
    return await people.set_preferences(uow, replace(person, **wanted.changes))  # type: ignore[arg-type]


def is_time_zone(name: str) -> bool:
    """Whether this is a name of the IANA time zone database (RFC 6557)."""
    if len(name) > _LONGEST_ZONE:
        return False
    try:
        zoneinfo.ZoneInfo(name)
    # A name that leads out of the database, that is a folder in it, or that no file can have.
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
