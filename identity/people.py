"""People: made with their first address, found by an address that is proved to be theirs, described as they like."""

import re

from identity.actor import Actor
from identity.ledger import add_candidate, prove, read_address
from identity.refusal import Invalid
from identity.standing import ApplicationNotEnough, person_of
from mail.address import BadAddress, address_key
from storage import people
from storage.database import Reader, UnitOfWork
from storage.tables.people import Person
from storage.tables.words import AddressSource, Strength

LONGEST_NAME = 200
_LOCALE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}")


async def create_person(
    uow: UnitOfWork,
    address: str,
    *,
    display_name: str = "",
    source: AddressSource = AddressSource.ACCOUNT,
    source_ref: str = "",
    proved: bool,
    strength: Strength = Strength.MD5,
    robot_id: int | None = None,
    expires_at: int | None = None,
) -> Person:
    """A new person with this main address. Raises Invalid, and Taken when it is proved to be somebody else's.

    Unproved, the person can do nothing with it, and vanishes when somebody else proves the address.
    """
    parsed = read_address(address, "address")
    person = await people.add(
        uow, address=str(parsed), address_key=parsed.key, display_name=clean_name(display_name)
    )
    if proved:
        await prove(
            uow,
            person.id,
            address,
            source=source,
            source_ref=source_ref,
            strength=strength,
            robot_id=robot_id,
            expires_at=expires_at,
        )
    else:
        await add_candidate(uow, person.id, address, source=source, source_ref=source_ref, strength=strength)
    return person


async def find_by_address(reader: Reader, address: str, *, robot_id: int | None = None) -> Person | None:
    """Whose address this is: proved, unexpired, and counting in this robot (None: on the whole server)."""
    try:
        key = address_key(address)
    except BadAddress:
        return None
    return await people.by_proved_address(reader, key, robot_id)


async def update_profile(
    uow: UnitOfWork, actor: Actor, *, display_name: str | None = None, locale: str | None = None
) -> Person:
    """Change one's name or language; None leaves it. Raises SignInNeeded, ApplicationNotEnough, Invalid."""
    person = person_of(actor)
    if actor.application:
        raise ApplicationNotEnough
    if locale is not None and not _LOCALE.fullmatch(locale):
        raise Invalid("Write a language as en or de-AT.", path=("locale",))
    return await people.set_profile(
        uow,
        person.id,
        display_name=person.display_name if display_name is None else clean_name(display_name),
        locale=person.locale if locale is None else locale,
    )


def clean_name(text: str) -> str:
    """A display name on one line; raises Invalid when it is too long or not printable."""
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME:
        raise Invalid(f"A name has at most {LONGEST_NAME} characters.", path=("display_name",))
    if not name.isprintable():
        raise Invalid("A name is made of characters that can be seen.", path=("display_name",))
    return name
